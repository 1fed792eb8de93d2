package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// recipe is a block of the document that has a name.
var recipe = regexp.MustCompile("(?s)<!-- recipe: (\\w+) -->\n```(\\w+)\n(.*?)```")

// recipes runs the document's recipes as they are written, but for the ports, the CA's file and the name of the bot.
func recipes(ctx context.Context, binary, dir, root string) error {
	doc, err := os.ReadFile(filepath.Join(root, "docs/playground.md"))
	if err != nil {
		return err
	}
	pg, err := newPlayground(ctx, binary, filepath.Join(dir, "recipes.pem"))
	if err != nil {
		return err
	}
	defer pg.end()
	here := filepath.Join(root, "cmd/playground/clients")
	written := strings.NewReplacer("127.0.0.1:7472", pg.tls, "=ca.pem", "="+pg.ca, `"ca.pem"`, fmt.Sprintf("%q", pg.ca),
		" bot.js", " "+filepath.Join(here, "official-hosts-check.cjs"), " bot.py", " "+filepath.Join(here, "python/check.py"))
	tried := map[string]bool{}
	for _, found := range recipe.FindAllStringSubmatch(string(doc), -1) {
		name, language, text := found[1], found[2], written.Replace(found[3])
		tried[name] = true
		var cmd *exec.Cmd
		switch language {
		case "sh":
			cmd = exec.CommandContext(ctx, "bash", "-euc", text)
			cmd.Dir = root
		case "go":
			source, err := os.ReadFile(filepath.Join(here, "official/official.go"))
			if err != nil {
				return err
			}
			if !strings.Contains(string(source), found[3]) {
				return errors.New("official/official.go is not the recipe for Go")
			}
			cmd = exec.CommandContext(ctx, "go", "run", "./official")
			cmd.Dir, cmd.Env = here, append(os.Environ(), "PLAYGROUND_TLS="+pg.tls, "PLAYGROUND_CA="+pg.ca)
		default:
			return fmt.Errorf("a recipe in %s", language)
		}
		cmd.WaitDelay = time.Second
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Count(string(out), " ok\n") != 4 {
			return fmt.Errorf("the recipe for %s: %w\n%s", name, err, out)
		}
		fmt.Printf("%-28s ok  as docs/playground.md has it\n", "recipe for "+name)
	}
	if !tried["node"] || !tried["python"] || !tried["go"] {
		return errors.New("docs/playground.md lacks a recipe")
	}
	return nil
}
