package e2e

import (
	"fmt"
	"strings"
)

// roster writes an HR roster of n people whose numbers start with prefix.
func roster(prefix string, n int) string {
	var b strings.Builder
	b.WriteString("employee_id,name,email,role,started_at,ended_at\n")
	for i := range n {
		fmt.Fprintf(&b, "%s%05d,Ann %s%d,%s%d@example.org,Nurse,2020-01-06,\n", prefix, i, prefix, i, strings.ToLower(prefix), i)
	}
	return b.String()
}
