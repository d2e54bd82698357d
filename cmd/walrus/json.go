package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
)

// newJSON makes the json command.
func newJSON(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "json [TEXT]",
		Short: "Run a command that is given as JSON",
		Long: `Json runs a command that a program wrote: {"config":"client.yaml","command":{"store":{"files":["a"],"epochs":"max"}}}. The
text is an argument or, without one, standard input. Global flags are at the top, in camelCase: config, context, wallet,
key, feeGranter; names of commands and flags are in camelCase, too. Positional arguments go by the names that
the commands' help gives them where programs use them, else in a list "args". The result is JSON, as with --json;
other flags on the command line count for nothing. "gasBudget" is read and has no meaning: fees are found by simulation.` +
			exits("and those of the command"),
		Example: `  walrus json '{"command":{"info":{"command":"epoch"}}}'`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d.json = true // whatever goes wrong is told as JSON
			var text io.Reader = d.stdin
			if len(args) == 1 {
				text = strings.NewReader(strings.TrimPrefix(args[0], idMark))
			}
			return runJSON(cmd.Context(), d, text)
		},
	}
}

// maxJSONCommand bounds the text of a command.
const maxJSONCommand = 16 << 20

func runJSON(ctx context.Context, d *deps, text io.Reader) error {
	value, err := decodeJSON(io.LimitReader(text, maxJSONCommand))
	if err != nil {
		return usagef("not a command in JSON: %w", err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return usagef(`want an object {"command":{"info":{}}}`)
	}
	inner := *d
	inner.started = false
	root := newRoot(&inner)
	line, err := commandLine(root, object)
	if err != nil {
		return err
	}
	root.SetArgs(protectIDs(line))
	cmd, err := root.ExecuteContextC(ctx)
	d.started = true
	if err != nil && !inner.started {
		return &usageError{err: err, hint: fmt.Sprintf("see %q", cmd.CommandPath()+" --help")}
	}
	return err
}

// globals are the keys beside "command", with the flags that they set; "" for one without meaning.
var globals = map[string]string{
	"config": "config", "context": "context", "wallet": "wallet", "key": "key", "feeGranter": "fee-granter", "gasBudget": "",
}

// positional are the keys of arguments that stand without a flag, by command, in their order.
var positional = map[string][]string{
	"store": {"files"}, "write": {"files"}, "read": {"blobId"}, "blob-id": {"file"}, "convert-blob-id": {"blobIdDecimal"},
	"info": {"command"}, "price": {"sizes"}, "send": {"address", "amount"}, "balance": {"address"}, "nodes": {"node"},
	"request-withdraw-stake": {"nodeId", "stakedWalIds"}, "unstake": {"nodeId", "stakedWalIds"},
	"withdraw-stake": {"stakedWalIds"}, "withdraw": {"stakedWalIds"}, "tx": {"hash"},
	"get-blob-attribute": {"blobObjId"}, "set-blob-attribute": {"blobObjId"}, "remove-blob-attribute": {"blobObjId"},
	"remove-blob-attribute-fields": {"blobObjId"}, "transfer": {"objectId", "address"},
}

// commandLine makes the command line that a JSON object stands for. Source: spec client.md section 2.1.
func commandLine(root *cobra.Command, object map[string]any) ([]string, error) {
	line := []string{"--json"}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if key == "command" {
			continue
		}
		flag, ok := globals[key]
		if !ok {
			return nil, usagef("unknown key %q", key)
		}
		if text, ok := object[key].(string); ok && flag != "" {
			line = append(line, "--"+flag+"="+text)
		} else if flag != "" && object[key] != nil {
			return nil, usagef("key %q: want a string", key)
		}
	}
	command, ok := object["command"].(map[string]any)
	if !ok || len(command) != 1 {
		return nil, usagef(`"command": want an object with the name of one command, {"info":{}}`)
	}
	c := jsonCommand{cmd: root}
	for name, args := range command {
		if err := c.enter(name, args); err != nil {
			return nil, err
		}
	}
	line = append(append(line, c.path...), c.flags...)
	return append(append(line, "--"), c.args...), nil
}

// A jsonCommand is a command line in the making.
type jsonCommand struct {
	cmd               *cobra.Command
	path, flags, args []string
	// later are flags given to a command that has commands below it, which may have them.
	later map[string]any
}

// enter goes down to a command and takes its arguments in.
func (c *jsonCommand) enter(name string, value any) error {
	word := kebab(name)
	next, _, err := c.cmd.Find([]string{word})
	if err != nil || next == c.cmd {
		return usagef("unknown command %q", name)
	}
	c.cmd, c.path = next, append(c.path, word)
	given := map[string]any{}
	if value != nil {
		var ok bool
		if given, ok = value.(map[string]any); !ok {
			return usagef("command %q: want an object with its arguments", name)
		}
	}
	args := map[string]any{}
	maps.Copy(args, c.later)
	maps.Copy(args, given)
	return c.take(word, args)
}

// take turns the arguments of a command into flags and positional ones.
func (c *jsonCommand) take(word string, args map[string]any) error {
	for _, key := range append(positional[word], "args") {
		texts, err := textsOf(key, args[key])
		if err != nil {
			return err
		}
		c.args = append(c.args, texts...)
		delete(args, key)
	}
	if list, ok := args["attributes"]; ok && c.cmd.Flags().Lookup("attr") != nil {
		if err := c.attributes(list); err != nil {
			return err
		}
		delete(args, "attributes")
	}
	if below, ok := args["command"]; ok && c.cmd.HasSubCommands() {
		delete(args, "command")
		c.later = args
		switch below := below.(type) {
		case string:
			return c.enter(below, nil)
		case map[string]any:
			for name, value := range below {
				if len(below) == 1 {
					return c.enter(name, value)
				}
			}
		}
		return usagef(`"command": want the name of one command, or an object with it`)
	}
	for _, key := range slices.Sorted(maps.Keys(args)) {
		if err := c.flag(key, args[key]); err != nil {
			return err
		}
	}
	return nil
}

// attributes takes a list of keys and values in turns.
func (c *jsonCommand) attributes(value any) error {
	texts, err := textsOf("attributes", value)
	if err != nil {
		return err
	}
	if len(texts)%2 != 0 {
		return usagef(`"attributes": want keys and values in turns`)
	}
	for i := 0; i < len(texts); i += 2 {
		c.flags, c.args = append(c.flags, "--attr="+texts[i]), append(c.args, texts[i+1])
	}
	return nil
}

func (c *jsonCommand) flag(key string, value any) error {
	name := kebab(key)
	known := c.cmd.Flags().Lookup(name) != nil || c.cmd.InheritedFlags().Lookup(name) != nil
	if value == nil || !known && value == false {
		return nil // nothing is asked for
	}
	if !known {
		return usagef("command %q: unknown key %q", c.cmd.Name(), key)
	}
	texts, err := textsOf(key, value)
	if err != nil {
		return err
	}
	for _, text := range texts {
		c.flags = append(c.flags, "--"+name+"="+text)
	}
	return nil
}

// textsOf gives a value, or those of a list, as they stand on a command line. An object stands for its one
// key.
func textsOf(key string, value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case json.Number:
		return []string{v.String()}, nil
	case bool:
		return []string{fmt.Sprint(v)}, nil
	case map[string]any:
		for only := range v {
			if len(v) == 1 {
				return []string{only}, nil
			}
		}
	case []any:
		var all []string
		for _, one := range v {
			texts, err := textsOf(key, one)
			if err != nil {
				return nil, err
			}
			all = append(all, texts...)
		}
		return all, nil
	}
	return nil, usagef("key %q: want a string, a number, true or false, or a list of them", key)
}

// kebab turns camelCase into words-with-dashes.
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
