package rules

import (
	"bytes"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	linkPattern   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	identPattern  = regexp.MustCompile("`([a-z][a-z0-9/]*)\\.([A-Z]\\w*)(?:\\.([A-Z]\\w*))?`")
	makePattern   = regexp.MustCompile(`\bmake ([a-z][a-z-]*)`)
	targetPattern = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
)

// documents returns the Markdown files that the repository's people write. The specifications are left
// out where they speak of other repositories.
func documents(tr *tree) []textFile {
	var docs []textFile
	for _, f := range tr.texts {
		if path.Ext(f.path) == ".md" {
			docs = append(docs, f)
		}
	}
	return docs
}

// TestLinks wants every relative link in a document to lead somewhere.
func TestLinks(t *testing.T) {
	tr := get(t)
	for _, doc := range documents(tr) {
		for _, m := range linkPattern.FindAllSubmatch(doc.data, -1) {
			target, _, _ := strings.Cut(string(m[1]), "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			name := filepath.Join(tr.root, filepath.FromSlash(path.Join(path.Dir(doc.path), target)))
			if _, err := os.Stat(name); err != nil {
				t.Errorf("%s links to %s, which is not there", doc.path, m[1])
			}
		}
	}
}

// TestIdentifiers wants every `package.Name` in the guides to be an exported name of ours, when the
// package is ours: documents point at identifiers because line numbers go stale, and identifiers do too.
func TestIdentifiers(t *testing.T) {
	tr := get(t)
	names := exported(tr)
	for _, doc := range documents(tr) {
		if below(doc.path, "docs/spec") || below(doc.path, "docs/adr") || doc.path == "docs/STYLE.md" {
			continue
		}
		for _, m := range identPattern.FindAllSubmatch(doc.data, -1) {
			known := names[path.Base(string(m[1]))]
			if known == nil {
				continue
			}
			name := string(m[2])
			if len(m[3]) > 0 {
				name += "." + string(m[3])
			}
			if !known[name] {
				t.Errorf("%s speaks of %s, which is not there", doc.path, bytes.Trim(m[0], "`"))
			}
		}
	}
}

// exported collects the exported names of each of our packages, methods and fields as Type.Name.
func exported(tr *tree) map[string]map[string]bool {
	names := map[string]map[string]bool{}
	for dir, p := range tr.packages {
		base := path.Base(dir)
		if names[base] == nil {
			names[base] = map[string]bool{}
		}
		for _, f := range p.files {
			for _, decl := range f.syntax.Decls {
				addNames(names[base], decl)
			}
		}
	}
	return names
}

func addNames(names map[string]bool, decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if recv := receiver(d); recv != "" {
			names[recv+"."+d.Name.Name] = true
		} else {
			names[d.Name.Name] = true
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names[n.Name] = true
				}
			case *ast.TypeSpec:
				names[s.Name.Name] = true
				addMembers(names, s)
			}
		}
	}
}

// addMembers adds the fields of a struct and the methods of an interface.
func addMembers(names map[string]bool, s *ast.TypeSpec) {
	var list *ast.FieldList
	switch typ := s.Type.(type) {
	case *ast.StructType:
		list = typ.Fields
	case *ast.InterfaceType:
		list = typ.Methods
	default:
		return
	}
	for _, field := range list.List {
		for _, n := range field.Names {
			names[s.Name.Name+"."+n.Name] = true
		}
	}
}

// receiver returns the name of a method's type, or "".
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	typ := d.Recv.List[0].Type
	for {
		switch e := typ.(type) {
		case *ast.StarExpr:
			typ = e.X
		case *ast.IndexExpr:
			typ = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

// TestMakeTargets wants every "make target" that a document or script speaks of to exist.
func TestMakeTargets(t *testing.T) {
	tr := get(t)
	makefile, err := os.ReadFile(filepath.Join(tr.root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range targetPattern.FindAllSubmatch(makefile, -1) {
		targets[string(m[1])] = true
	}
	code := regexp.MustCompile("(?s)```.*?```|`[^`\n]+`")
	for _, doc := range documents(tr) {
		if below(doc.path, "docs/spec") {
			continue
		}
		for _, span := range code.FindAll(doc.data, -1) {
			for _, m := range makePattern.FindAllSubmatch(span, -1) {
				if !targets[string(m[1])] {
					t.Errorf("%s says %q, and the Makefile has no such target", doc.path, m[0])
				}
			}
		}
	}
}

// TestVectorsHaveAnOrigin wants a README beside golden values: where they come from, which must not be
// the code that they test.
func TestVectorsHaveAnOrigin(t *testing.T) {
	tr := get(t)
	for _, dir := range tr.dirs() {
		vectors, err := filepath.Glob(filepath.Join(tr.root, filepath.FromSlash(dir), "testdata", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		if len(vectors) > 0 && !exists(filepath.Join(filepath.Dir(vectors[0]), "README.md")) {
			t.Errorf("%s/testdata has golden values and no README.md that says where they come from", dir)
		}
	}
}
