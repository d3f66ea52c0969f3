package table

import (
	"bytes"
	"fmt"
	"strings"
)

// Reference writes the part of the documentation that lists every table with
// its columns, in Markdown.
func Reference() []byte {
	var b bytes.Buffer
	for _, k := range Kinds() {
		fmt.Fprintf(&b, "## %s (`csv/%s`)\n\nGives %s. Rows are told apart by %s.\n\n", k.Title, k.Name, k.Gives, k.Key)
		fmt.Fprintf(&b, "| column | holds | needed | meaning | states | headers taken for it |\n| --- | --- | --- | --- | --- | --- |\n")
		needs := k.needs()
		for _, f := range k.Fields {
			need := ""
			if f.Need != "" {
				need = "yes"
				if len(needs[f.Need]) > 1 {
					need = "one of: " + strings.Join(needs[f.Need], ", ")
				}
			}
			states := ""
			if f.Attr != "" {
				states = fmt.Sprintf("`%s.%s`", k.kind, f.Attr)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", f.Name, holds(&f), need, bar(f.Doc), states, bar(strings.Join(f.Aliases, ", ")))
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

func holds(f *Field) string {
	if f.Type != Choice {
		return f.Type.String()
	}
	return choices(f)
}

func bar(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
