package rules

import (
	"bytes"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// maxLines is where a file is too long to be one idea. Habit only; tables of generated code are exempt.
const maxLines = 900

// TestPackageComments wants every package to introduce itself.
func TestPackageComments(t *testing.T) {
	tr := get(t)
	for _, dir := range tr.dirs() {
		var doc, name string
		for _, f := range tr.packages[dir].files {
			if strings.HasSuffix(f.syntax.Name.Name, "_test") {
				continue
			}
			name = f.syntax.Name.Name
			if f.syntax.Doc != nil && !f.generated {
				doc = f.syntax.Doc.Text()
			}
		}
		want := "Package " + name + " "
		if name == "main" {
			want = "Command "
		}
		if name != "" && !strings.HasPrefix(doc, want) {
			t.Errorf("package %s has no comment that begins with %q: say what a reader finds there and where to start", dir, want)
		}
	}
}

// TestFileLength keeps files readable in one sitting.
func TestFileLength(t *testing.T) {
	tr := get(t)
	for _, dir := range tr.dirs() {
		for _, f := range tr.packages[dir].files {
			if f.lines > maxLines && !f.generated {
				t.Errorf("%s has %d lines, %d at most: is there a second idea in it that wants its own file?", f.path, f.lines, maxLines)
			}
		}
	}
}

// TestNoSleepInTests: a sleep is a flake that has not happened yet. Inside a testing/synctest bubble
// time is fake and sleeping is how it passes, so files that import it are exempt.
func TestNoSleepInTests(t *testing.T) {
	tr := get(t)
	for _, dir := range tr.dirs() {
		for _, f := range tr.packages[dir].files {
			if !f.test && !isTestPackage(dir) || imports(f, "testing/synctest") {
				continue
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && isName(sel.X, "time") && sel.Sel.Name == "Sleep" {
					t.Errorf("%s: time.Sleep in a test: wait for the condition, with a deadline, or use testing/synctest", f.fset.Position(sel.Pos()))
				}
				return true
			})
		}
	}
}

func imports(f *goFile, want string) bool {
	for _, imp := range f.imports {
		if imp == want {
			return true
		}
	}
	return false
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// TestErrorTexts keeps "failed to" out of errors: an error already says that something did not work.
func TestErrorTexts(t *testing.T) {
	tr := get(t)
	for _, dir := range tr.dirs() {
		for _, f := range tr.packages[dir].files {
			if f.test || f.generated {
				continue
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !(isName(sel.X, "errors") && sel.Sel.Name == "New" || isName(sel.X, "fmt") && sel.Sel.Name == "Errorf") {
					return true
				}
				if text := literal(call.Args[0]); strings.Contains(text, "failed to") {
					t.Errorf("%s: error %q: say what happened, to what", f.fset.Position(call.Pos()), text)
				}
				return true
			})
		}
	}
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}

// A word is text that has no place in the repository.
type word struct {
	pattern *regexp.Regexp
	except  []string // folders or files where it is fine
	why     string
}

// The patterns are written so that they do not match themselves.
var words = []word{
	{regexp.MustCompile(`(^|[^\w.])/(wor[k]|roo[t]|far[m]|hom[e]/\w+)/`), nil, "a path of one machine; use relative paths"},
	{regexp.MustCompile(`bash_job[s]|npm[j]s\.org|proxy\.golan[g]`), nil, "belongs to one workplace"},
	{regexp.MustCompile(`(?i)\b(this|earlier|previous|next) session[']?s?\b`), []string{"docs/spec"}, "documents speak of the project alone"},
	{regexp.MustCompile(`(?i)\bissues? [#]?\d`), []string{"docs/spec"}, "documents speak of the project alone; say the thing itself"},
	{regexp.MustCompile(`\bshare[d]/(spec|vectors|bench|STYLE|DESIGN|CHAIN)`), nil, "not in this repository; specifications are in docs/spec"},
	{regexp.MustCompile(`\b(TOD[O]|FIXM[E]|XX[X])\b`), []string{"docs/spec", "interop/package-lock.json"}, "finish it, or say in the changelog that it is missing"},
}

// TestWords looks for text that has no place in the repository.
func TestWords(t *testing.T) {
	for _, f := range get(t).texts {
		if strings.HasSuffix(f.path, ".pb.go") || strings.HasSuffix(f.path, ".pb.gw.go") {
			continue
		}
		for _, w := range words {
			if excepted(w.except, f.path) {
				continue
			}
			for _, at := range w.pattern.FindAllIndex(f.data, 3) {
				line := 1 + bytes.Count(f.data[:at[0]], []byte("\n"))
				t.Errorf("%s:%d: %q: %s", f.path, line, bytes.TrimSpace(f.data[at[0]:at[1]]), w.why)
			}
		}
	}
}

func excepted(roots []string, file string) bool {
	for _, root := range roots {
		if below(file, root) || below(path.Dir(file), root) {
			return true
		}
	}
	return false
}
