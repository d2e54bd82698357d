package rules

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// modulePath is the import path of the repository's root.
const modulePath = "github.com/walrus-go/walrus"

// A goFile is one Go source file of the module.
type goFile struct {
	path      string // from the repository's root, with slashes
	test      bool
	generated bool
	lines     int
	fset      *token.FileSet
	syntax    *ast.File
	imports   []string
}

// A goPackage is one folder of Go files.
type goPackage struct {
	dir   string // from the repository's root; "." for the root
	files []*goFile
}

// A textFile is a file that people read or write: source, script, document or configuration.
type textFile struct {
	path string
	data []byte
}

// A tree is the working tree as the rules see it.
type tree struct {
	root     string
	packages map[string]*goPackage // by dir
	texts    []textFile
}

// load reads the working tree once for all rules.
var load = sync.OnceValues(func() (*tree, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	t := &tree{root: root, packages: map[string]*goPackage{}}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && skipFolder(name, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !isText(rel) {
			return nil
		}
		return t.add(name, rel)
	})
	return t, err
})

// get returns the working tree, or ends the test.
func get(t *testing.T) *tree {
	t.Helper()
	tr, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// findRoot walks up to the folder of go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", os.ErrNotExist
		}
		dir = parent
	}
}

// skipFolder names the folders that hold nothing of ours: version control, tools, data of a running
// devnet, installed packages of other languages and what they build.
func skipFolder(dir, name string) bool {
	switch name {
	case "node_modules", "target", "bin":
		return true
	}
	return strings.HasPrefix(name, ".") && name != ".ci" || exists(filepath.Join(dir, "network.json"))
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// isText tells by name whether people read a file.
func isText(rel string) bool {
	switch path.Ext(rel) {
	case ".go", ".s", ".md", ".proto", ".mod", ".sh", ".mjs", ".js", ".rs", ".toml", ".yaml", ".yml", ".http", ".txt", ".txtar":
		return true
	}
	return path.Base(rel) == "Makefile" || path.Dir(rel) == ".ci"
}

// add reads one file, and parses it when it is Go of this module.
func (t *tree) add(name, rel string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	t.texts = append(t.texts, textFile{rel, data})
	if path.Ext(rel) != ".go" || !t.inModule(rel) {
		return nil
	}
	f := &goFile{
		path:  rel,
		test:  strings.HasSuffix(rel, "_test.go"),
		lines: bytes.Count(data, []byte("\n")),
		fset:  token.NewFileSet(),
	}
	if f.syntax, err = parser.ParseFile(f.fset, rel, data, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return err
	}
	f.generated = ast.IsGenerated(f.syntax)
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		f.imports = append(f.imports, p)
	}
	dir := path.Dir(rel)
	if t.packages[dir] == nil {
		t.packages[dir] = &goPackage{dir: dir}
	}
	t.packages[dir].files = append(t.packages[dir].files, f)
	return nil
}

// inModule leaves out what the go command ignores, and modules inside the module.
func (t *tree) inModule(rel string) bool {
	for dir := path.Dir(rel); dir != "."; dir = path.Dir(dir) {
		if base := path.Base(dir); base == "testdata" || base[0] == '_' || base[0] == '.' {
			return false
		}
		if exists(filepath.Join(t.root, filepath.FromSlash(dir), "go.mod")) {
			return false
		}
	}
	return true
}

// dirs returns the package folders in order.
func (t *tree) dirs() []string {
	dirs := make([]string, 0, len(t.packages))
	for dir := range t.packages {
		dirs = append(dirs, dir)
	}
	sort.Strings(dirs)
	return dirs
}

// ours returns the folder of an import path of this module.
func ours(importPath string) (dir string, ok bool) {
	return strings.CutPrefix(importPath, modulePath+"/")
}

// below tells whether dir is root or a folder below it.
func below(dir, root string) bool {
	return dir == root || strings.HasPrefix(dir, root+"/")
}
