// Command protogen writes the Go code of the protocol's protobuf files, without protoc, buf or a network.
//
// Run it from the module's root: go run ./internal/protogen. It parses every file below proto/ with a
// Go parser, hands each folder's descriptors to the two plug-ins that go.mod names as tools
// (protoc-gen-gocosmos and protoc-gen-grpc-gateway) and writes what they answer to the folder that the
// file's go_package names. Imported files come from the folders of the modules that own them.
package main

//lint:file-ignore SA1019 the plug-ins and the parser speak the old protobuf API

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"github.com/golang/protobuf/proto"
	plugin "github.com/golang/protobuf/protoc-gen-go/plugin"
	"github.com/jhump/protoreflect/desc"
	"github.com/jhump/protoreflect/desc/protoparse"
)

// modulePath is the prefix of every go_package below proto/.
const modulePath = "github.com/walrus-go/walrus/"

// A generator is one plug-in and the parameter it is given.
type generator struct {
	tool, parameter string
}

// The first plug-in would import the SDK's message service, and with it the SDK, for one annotation;
// the mapping names the plain package of the same annotation instead, so that clients stay light.
var generators = []generator{
	{"github.com/cosmos/gogoproto/protoc-gen-gocosmos",
		"plugins=grpc,Mgoogle/protobuf/any.proto=github.com/cosmos/gogoproto/types/any," +
			"Mcosmos/msg/v1/msg.proto=cosmossdk.io/api/cosmos/msg/v1"},
	{"github.com/grpc-ecosystem/grpc-gateway/protoc-gen-grpc-gateway",
		"logtostderr=true,allow_colon_final_segments=true"},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "protogen:", err)
		os.Exit(1)
	}
}

func run() error {
	roots, err := importRoots()
	if err != nil {
		return err
	}
	folders, err := protoFolders("proto")
	if err != nil {
		return err
	}
	parser := protoparse.Parser{ImportPaths: roots, IncludeSourceCodeInfo: true}
	for _, files := range folders {
		parsed, err := parser.ParseFiles(files...)
		if err != nil {
			return err
		}
		for _, g := range generators {
			if err := g.generate(files, parsed); err != nil {
				return fmt.Errorf("%s: %w", g.tool, err)
			}
		}
	}
	return nil
}

// importRoots lists the folders that proto imports are looked up in.
func importRoots() ([]string, error) {
	roots := []string{"proto"}
	for _, m := range []struct{ module, folder string }{
		{"github.com/cosmos/cosmos-sdk", "proto"},
		{"github.com/cosmos/gogoproto", ""},
		{"github.com/cosmos/gogoproto", "protobuf"},
		{"github.com/grpc-ecosystem/grpc-gateway", "third_party/googleapis"},
	} {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", m.module).Output()
		if err != nil {
			return nil, fmt.Errorf("go list -m %s: %w", m.module, err)
		}
		roots = append(roots, filepath.Join(strings.TrimSpace(string(out)), m.folder))
	}
	return roots, nil
}

// protoFolders returns the proto files below root, one list per folder, named relative to root.
func protoFolders(root string) ([][]string, error) {
	byFolder := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".proto" {
			return err
		}
		name, err := filepath.Rel(root, path)
		byFolder[filepath.Dir(name)] = append(byFolder[filepath.Dir(name)], filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return nil, err
	}
	var folders [][]string
	for _, files := range byFolder {
		sort.Strings(files)
		folders = append(folders, files)
	}
	sort.Slice(folders, func(i, j int) bool { return folders[i][0] < folders[j][0] })
	return folders, nil
}

// generate runs the plug-in over files and writes what it answers.
func (g generator) generate(files []string, parsed []*desc.FileDescriptor) error {
	request := &plugin.CodeGeneratorRequest{FileToGenerate: files, Parameter: proto.String(g.parameter)}
	addFiles(request, parsed, map[string]bool{})
	in, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "run", g.tool)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	var response plugin.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		return err
	}
	if response.Error != nil {
		return fmt.Errorf("%s", response.GetError())
	}
	for _, f := range response.File {
		name, ok := strings.CutPrefix(f.GetName(), modulePath)
		if !ok || !filepath.IsLocal(name) {
			return fmt.Errorf("go_package of %s is outside the module", f.GetName())
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(f.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// addFiles appends files to the request, each after what it imports.
func addFiles(r *plugin.CodeGeneratorRequest, files []*desc.FileDescriptor, seen map[string]bool) {
	for _, f := range files {
		if seen[f.GetName()] {
			continue
		}
		seen[f.GetName()] = true
		addFiles(r, f.GetDependencies(), seen)
		r.ProtoFile = append(r.ProtoFile, f.AsFileDescriptorProto())
	}
}
