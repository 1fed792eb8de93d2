package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// listed is the list of a package with this source.
func listed(t *testing.T, source string) string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", "package p\n"+source, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := (&types.Config{}).Check("p", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list(pkg), "\n") + "\n"
}

func TestOnlyWhatBreaksCodeIsIncompatible(t *testing.T) {
	for _, c := range []struct {
		name, older, newer string
		breaks, adds       bool
	}{
		{"nothing", "type T struct{ A int }", "type T struct{ A int }", false, false},
		{"a parameter's name", "func F(a func(b int))", "func F(x func(y int))", false, false},
		{"an unexported thing", "var a int", "", false, false},
		{"a function more", "", "func F()", false, true},
		{"a function less", "func F()", "", true, false},
		{"a parameter's type", "func F(a int)", "func F(a string)", true, true},
		{"a variadic parameter", "func F(a []int)", "func F(a ...int)", true, true},
		{"a field more", "type T struct{ A int }", "type T struct{ A, B int }", false, true},
		{"a field less", "type T struct{ A, B int }", "type T struct{ A int }", true, false},
		{"a field that makes it uncomparable", "type T struct{ A int }", "type T struct{ A int; b []int }", true, false},
		{"an interface's method more", "type I interface{ A() }", "type I interface{ A(); B() }", true, true},
		{"the same where nobody else implements it", "type I interface{ A(); x() }", "type I interface{ A(); B(); x() }", false, true},
		{"an interface that loses another", "type J interface{ x() }; type I interface{ J; y() }", "type J interface{ x() }; type I interface{ x(); y() }", true, false},
		{"a method's receiver to the pointer", "type T int; func (T) M() {}", "type T int; func (*T) M() {}", true, true},
		{"a promoted method less", "type t int; func (t) M() {}; type T struct{ t }", "type t int; type T struct{ t }", true, false},
		{"a constant's value", "const C = 1", "const C = 2", true, true},
		{"a long constant's end", "const C = `" + strings.Repeat("a", 200) + "`", "const C = `" + strings.Repeat("a", 199) + "b`", true, true},
		{"a variable's type", "var V error", "var V any", true, true},
		{"an alias that becomes a type", "type A = int", "type A int", true, true},
		{"a type parameter's constraint", "type T[P any] struct{}", "type T[P comparable] struct{}", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			same := compare(&out, listed(t, c.older), listed(t, c.newer))
			breaks, adds := strings.Contains(out.String(), "INCOMPATIBLE"), strings.Contains(out.String(), "added:")
			if breaks != c.breaks || adds != c.adds || same != (!breaks && !adds) {
				t.Errorf("breaks %t, adds %t, same %t:\n%s", breaks, adds, same, out.String())
			}
		})
	}
}

func TestANamePointsToItsPackage(t *testing.T) {
	pkg, err := load("go/token") // of which something is from the standard library: no import is said
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Join(list(pkg), "\n")
	if strings.Contains(lines, "import ") || !strings.Contains(lines, "method (*File) AddLine(int)") {
		t.Error(lines)
	}
}
