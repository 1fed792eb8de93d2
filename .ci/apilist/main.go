// Command apilist prints every exported declaration of a package, one a line, as Go's own api/*.txt do: what a line says
// is promised, and what it does not say (the names of parameters, the order of declarations, comments) may change.
//
//	apilist PACKAGE              print the package of the module in the current folder
//	apilist -compare OLD NEW     tell what NEW lacks of OLD, and what it adds; the exit status is 1 where they differ
//
// A line that is gone or reads otherwise breaks somebody's code; a new line breaks nobody's. That is why an interface that
// others can implement is one line with all of its methods, and a struct has a line for each field.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/constant"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	same, err := run(os.Stdout, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "apilist:", err)
		os.Exit(2)
	}
	if !same {
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) (same bool, err error) {
	switch {
	case len(args) == 3 && args[0] == "-compare":
		older, err := os.ReadFile(args[1])
		if err != nil {
			return false, err
		}
		newer, err := os.ReadFile(args[2])
		if err != nil {
			return false, err
		}
		return compare(w, string(older), string(newer)), nil
	case len(args) == 1 && !strings.HasPrefix(args[0], "-"):
		pkg, err := load(args[0])
		if err != nil {
			return false, err
		}
		_, err = io.WriteString(w, strings.Join(list(pkg), "\n")+"\n")
		return true, err
	}
	return false, errors.New("usage: apilist PACKAGE, or apilist -compare OLD NEW")
}

// compare tells incompatible lines apart from additions.
func compare(w io.Writer, older, newer string) (same bool) {
	gone, added := lacking(older, newer), lacking(newer, older)
	for _, part := range []struct {
		title, sign string
		lines       []string
	}{
		{"INCOMPATIBLE, removed or changed:", "-", gone},
		{"added:", "+", added},
	} {
		if len(part.lines) == 0 {
			continue
		}
		_, _ = fmt.Fprintln(w, part.title)
		for _, line := range part.lines {
			_, _ = fmt.Fprintln(w, "  "+part.sign+" "+line)
		}
	}
	return len(gone)+len(added) == 0
}

// lacking is the lines of a that b has not.
func lacking(a, b string) []string {
	has := strings.Split(b, "\n")
	return slices.DeleteFunc(strings.Split(a, "\n"), func(line string) bool { return slices.Contains(has, line) })
}

// load reads what the compiler exports of the package at path.
func load(path string) (*types.Package, error) {
	out, err := exec.CommandContext(context.Background(), "go", "list", "-export", "-deps", "-json=ImportPath,Export,DepOnly", path).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("go list %s: %s", path, exit.Stderr)
		}
		return nil, err
	}
	exports, wanted := map[string]string{}, ""
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Export string
			DepOnly            bool
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly {
			wanted = p.ImportPath
		}
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	return importer.ForCompiler(token.NewFileSet(), "gc", open).Import(wanted)
}

// lister makes the lines of one package.
type lister struct {
	pkg     *types.Package
	imports map[*types.Package]bool // those that the lines name, other than the standard library's
	lines   []string
}

func list(pkg *types.Package) []string {
	l := &lister{pkg: pkg, imports: map[*types.Package]bool{}}
	scope := pkg.Scope()
	for _, name := range scope.Names() {
		if obj := scope.Lookup(name); obj.Exported() {
			l.declare(obj)
		}
	}
	slices.Sort(l.lines)
	return append(l.head(), slices.Compact(l.lines)...)
}

// head says which packages the names in the lines belong to: another major version is another type.
func (l *lister) head() []string {
	var head []string
	for p := range l.imports {
		head = append(head, fmt.Sprintf("import %s %q", p.Name(), p.Path()))
	}
	slices.Sort(head)
	return head
}

func (l *lister) line(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *lister) declare(obj types.Object) {
	switch obj := obj.(type) {
	case *types.Const:
		l.line("const %s %s = %s", obj.Name(), l.text(obj.Type()), value(obj))
	case *types.Var:
		l.line("var %s %s", obj.Name(), l.text(obj.Type()))
	case *types.Func:
		l.line("func %s%s", obj.Name(), l.signature(obj.Type()))
	case *types.TypeName:
		l.declareType(obj)
	}
}

func value(c *types.Const) string {
	if c.Val().Kind() == constant.String {
		return c.Val().ExactString()
	}
	return c.Val().String()
}

func (l *lister) declareType(obj *types.TypeName) {
	if obj.IsAlias() {
		l.line("type %s = %s", obj.Name(), l.text(types.Unalias(obj.Type())))
		return
	}
	named, ok := obj.Type().(*types.Named)
	if !ok {
		return
	}
	name := obj.Name() + l.typeParams(named)
	switch t := named.Underlying().(type) {
	case *types.Struct:
		l.structure(name, t)
	case *types.Interface:
		l.iface(name, t)
		return // its methods are said
	default:
		l.line("type %s %s", name, l.text(t))
	}
	// The set of the pointer holds that of the value; which of the two a method needs is part of what it promises.
	values := types.NewMethodSet(named)
	pointers := types.NewMethodSet(types.NewPointer(named))
	for i := range pointers.Len() {
		m := pointers.At(i).Obj()
		if !m.Exported() {
			continue
		}
		receiver := "*" + name
		if values.Lookup(m.Pkg(), m.Name()) != nil {
			receiver = name
		}
		l.line("method (%s) %s%s", receiver, m.Name(), l.signature(pointers.At(i).Type()))
	}
}

// structure has a line for each exported field. Whether the struct can be compared, and so be a map's key, is a promise too.
func (l *lister) structure(name string, t *types.Struct) {
	l.line("type %s struct", name)
	if types.Comparable(t) {
		l.line("type %s struct (comparable)", name)
	}
	for f := range t.Fields() {
		if !f.Exported() {
			continue
		}
		what := f.Name()
		if f.Embedded() {
			what = "embedded"
		}
		l.line("type %s struct, %s %s", name, what, l.text(f.Type()))
	}
}

// iface has one line for an interface that others can implement: a method more breaks them. One with methods that are not
// exported may grow.
func (l *lister) iface(name string, t *types.Interface) {
	var parts []string
	open := true
	for e := range t.EmbeddedTypes() {
		parts = append(parts, l.text(e))
	}
	for m := range t.Methods() {
		if m.Exported() {
			parts = append(parts, m.Name()+l.signature(m.Type()))
		} else {
			open = false
		}
	}
	slices.Sort(parts)
	if open {
		l.line("type %s interface { %s }", name, strings.Join(parts, "; "))
		return
	}
	l.line("type %s interface (only here)", name)
	for _, part := range parts {
		l.line("type %s interface, %s", name, part)
	}
}

func (l *lister) typeParams(t *types.Named) string {
	params := t.TypeParams()
	if params.Len() == 0 {
		return ""
	}
	texts := make([]string, params.Len())
	for i := range texts {
		texts[i] = params.At(i).Obj().Name() + " " + l.text(params.At(i).Constraint())
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// signature is what follows a function's name.
func (l *lister) signature(t types.Type) string { return strings.TrimPrefix(l.text(t), "func") }

func (l *lister) text(t types.Type) string {
	return types.TypeString(unnamed(t), func(p *types.Package) string {
		if p == l.pkg {
			return ""
		}
		if first, _, _ := strings.Cut(p.Path(), "/"); strings.Contains(first, ".") {
			l.imports[p] = true
		}
		return p.Name()
	})
}

// unnamed is t without the names of parameters and results, which bind nobody.
func unnamed(t types.Type) types.Type {
	switch t := t.(type) {
	case *types.Signature:
		if t.TypeParams().Len() > 0 {
			return t // a type parameter belongs to one signature
		}
		return types.NewSignatureType(nil, nil, nil, unnamedTuple(t.Params()), unnamedTuple(t.Results()), t.Variadic())
	case *types.Pointer:
		return types.NewPointer(unnamed(t.Elem()))
	case *types.Slice:
		return types.NewSlice(unnamed(t.Elem()))
	case *types.Array:
		return types.NewArray(unnamed(t.Elem()), t.Len())
	case *types.Map:
		return types.NewMap(unnamed(t.Key()), unnamed(t.Elem()))
	case *types.Chan:
		return types.NewChan(t.Dir(), unnamed(t.Elem()))
	}
	return t
}

func unnamedTuple(t *types.Tuple) *types.Tuple {
	vars := make([]*types.Var, t.Len())
	for i := range vars {
		vars[i] = types.NewParam(token.NoPos, nil, "", unnamed(t.At(i).Type()))
	}
	return types.NewTuple(vars...)
}
