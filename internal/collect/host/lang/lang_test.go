package lang

import (
	"archive/zip"
	"bytes"
	"os"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPythonAndNode(t *testing.T) {
	c, ok := Python([]byte("Metadata-Version: 2.1\nName: Foo_Bar.baz\nVersion: 1.2\n\nName: not-this\n"))
	if want := (Component{"pypi", "foo-bar-baz", "1.2"}); !ok || c != want {
		t.Errorf("%+v, %v", c, ok)
	}
	if _, ok := Python([]byte("Name: x\n")); ok {
		t.Error("a package without a version is none")
	}
	c, ok = Node([]byte(`{"name":"@scope/pkg","version":"3.0.0","dependencies":{}}`))
	if want := (Component{"npm", "@scope/pkg", "3.0.0"}); !ok || c != want {
		t.Errorf("%+v, %v", c, ok)
	}
	for _, bad := range []string{"", "{", `{"name":1}`, `{"name":"x"}`, `{"name":"x y","version":"1"}`} {
		if c, ok := Node([]byte(bad)); ok {
			t.Errorf("%q is %+v", bad, c)
		}
	}
}

// TestGoReadsItself reads the test's own program.
func TestGoReadsItself(t *testing.T) {
	f, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if cs := Go(f); len(cs) == 0 || cs[0].Name != "stdlib" || cs[0].Version == "" {
		t.Errorf("modules of this test: %v", cs)
	}
}

func TestModules(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.8 X:x", Main: debug.Module{Path: "example.org/x", Version: "(devel)"}, Deps: []*debug.Module{
		{Path: "a.org/b/v2", Version: "v2.1.0"},
		{Path: "old.org/c", Version: "v1.0.0", Replace: &debug.Module{Path: "new.org/c", Version: "v1.0.1"}},
	}}
	want := []Component{{"golang", "stdlib", "1.26.8"}, {"golang", "a.org/b/v2", "v2.1.0"}, {"golang", "new.org/c", "v1.0.1"}}
	if diff := cmp.Diff(want, modules(info)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestJava(t *testing.T) {
	inner := archive(t, map[string]string{"META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties": "#x\ngroupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n"})
	bundle := archive(t, map[string]string{"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nBundle-SymbolicName: com.exam\r\n ple.thing;singleton:=true\r\nBundle-Version: 1.4\r\n"})
	war := archive(t, map[string]string{"WEB-INF/lib/log4j-core-2.14.1.jar": string(inner), "WEB-INF/lib/thing.jar": string(bundle)})
	got := map[Component]bool{}
	for _, c := range Java(bytes.NewReader(war), int64(len(war)), "app.war") {
		got[c] = true
	}
	want := map[Component]bool{
		{"maven", "org.apache.logging.log4j:log4j-core", "2.14.1"}: true,
		{"maven", "com.example.thing", "1.4"}:                      true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	plain := archive(t, map[string]string{"META-INF/MANIFEST.MF": "Implementation-Title: Some Title\nImplementation-Version: 2.0\n"})
	if cs := Java(bytes.NewReader(plain), int64(len(plain)), "plain-2.0.jar"); len(cs) != 1 || cs[0].Name != "plain" {
		t.Errorf("%+v", cs)
	}
	if cs := Java(bytes.NewReader(war[:50]), 50, "cut.war"); cs != nil {
		t.Errorf("a cut archive has %+v", cs)
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte("Name: a\nVersion: 1\n"))
	f.Add([]byte(`{"name":"a","version":"1"}`))
	f.Add(archive(f, map[string]string{"META-INF/MANIFEST.MF": "A: b\n c\nBundle-SymbolicName: x\nBundle-Version: 1\n", "x.jar": "PK"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var cs []Component
		for _, parse := range []func([]byte) (Component, bool){Python, Node} {
			if c, ok := parse(b); ok {
				cs = append(cs, c)
			}
		}
		cs = append(cs, Java(bytes.NewReader(b), int64(len(b)), "x.jar")...)
		cs = append(cs, Go(bytes.NewReader(b))...)
		for _, c := range cs {
			if !c.ok() {
				t.Fatalf("incomplete: %+v", c)
			}
		}
	})
}
