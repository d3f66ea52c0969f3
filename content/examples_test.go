package content_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/asepsis/asepsis/internal/policy"
)

// blocks returns the YAML examples of a document, in order.
func blocks(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "docs", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, part := range strings.Split(string(data), "```") {
		if code, ok := strings.CutPrefix(part, "yaml\n"); ok && i%2 == 1 {
			out = append(out, code)
		}
	}
	return out
}

// own loads files as an organization's checks beside the shipped ones.
func own(t *testing.T, files fstest.MapFS) (*policy.Catalog, policy.Source, error) {
	t.Helper()
	src := policy.Source{FS: files, Name: "checks.d", Own: true}
	c, err := policy.Load(goals(t).IDs(), source(t), src)
	return c, src, err
}

// What the recipe tells people to type works as it stands.
func TestRecipeWorks(t *testing.T) {
	ex := blocks(t, "add-a-check.md")
	if len(ex) != 3 {
		t.Fatalf("%d examples, want parameters, a check and its tests", len(ex))
	}
	files := fstest.MapFS{"pumps.yaml": {Data: []byte(ex[1])}, "pumps.test.yaml": {Data: []byte(ex[2])}}
	c, src, err := own(t, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.ParseParameters(c, "parameters.yaml", []byte(ex[0])); err != nil {
		t.Errorf("parameters: %v", err)
	}
	outcomes, err := policy.RunTests(c, src)
	if err != nil || len(outcomes) != 1 {
		t.Fatalf("tests: %v, %v", outcomes, err)
	}
	for _, f := range outcomes[0].Failures {
		t.Error(f)
	}

	files["pumps.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(ex[1], "asset.zone ==", "asset.zon ==", 1))}
	_, _, err = own(t, files)
	doc, readErr := os.ReadFile(filepath.Join("..", "docs", "add-a-check.md"))
	if readErr != nil {
		t.Fatal(readErr)
	}
	if err == nil || !strings.Contains(string(doc), "\n"+err.Error()+"\n") {
		t.Errorf("the recipe does not show the fault as it is:\n%v", err)
	}
}

// The examples of the reference are files that load, and tests that pass.
func TestReferenceExamplesWork(t *testing.T) {
	ex := blocks(t, "formats/check.md")
	if len(ex) != 4 {
		t.Fatalf("%d examples, want a check, a parameter, parameters and tests", len(ex))
	}
	// Under another id, for ours of that name is loaded too.
	rename := strings.NewReplacer("mfa-privileged-phishing-resistant", "mfa-example")
	c, src, err := own(t, fstest.MapFS{
		"example.yaml":      {Data: []byte(rename.Replace(ex[0]))},
		"example.test.yaml": {Data: []byte(rename.Replace(ex[3]))},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.ParseParameters(c, "parameters.yaml", []byte(ex[2])); err != nil {
		t.Errorf("parameters: %v", err)
	}
	outcomes, err := policy.RunTests(c, src)
	if err != nil || len(outcomes) != 1 {
		t.Fatalf("tests: %v, %v", outcomes, err)
	}
	for _, f := range outcomes[0].Failures {
		t.Error(f)
	}
	checkText := strings.Replace(rename.Replace(ex[0]), "    role:", "    params:\n"+strings.SplitN(ex[1], "\n", 2)[1]+"    role:", 1)
	checkText = strings.Replace(checkText, "expected: a", "expected: within {max_days} days, a", 1)
	if _, _, err := own(t, fstest.MapFS{"example.yaml": {Data: []byte(checkText)}}); err != nil {
		t.Errorf("the parameter of the reference: %v", err)
	}
}
