package ledger

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestCanonicalize(t *testing.T) {
	for in, want := range map[string]string{
		// RFC 8785, 3.2.2 and 3.2.3.
		`{"numbers":[4.50,2e-3,1E30],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`:                                                                                         `{"literals":[null,true,false],"numbers":[4.5,0.002,1e+30],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`: "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
		" [ 1 , { } , [ ] ] \n":                   `[1,{},[]]`,
		`{"b":1,"a":2,"":3,"aa":4}`:               `{"":3,"a":2,"aa":4,"b":1}`,
		`"\b\t\n\f\r\u0001\u001f\u007f<>&\u2028"`: "\"\\b\\t\\n\\f\\r\\u0001\\u001f\u007f<>&\u2028\"",
		`-0`: `0`, `-0.0e5`: `0`, `0.10`: `0.1`, `1.0`: `1`, `100e-2`: `1`, `1e3`: `1000`,
		`9007199254740992`: `9007199254740992`, `-9007199254740991`: `-9007199254740991`,
		`1e21`: `1e+21`, `1e20`: `100000000000000000000`, `0.000001`: `0.000001`, `0.0000001`: `1e-7`,
		`5e-324`: `5e-324`, `1.7976931348623157e308`: `1.7976931348623157e+308`,
	} {
		got, err := Canonicalize([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v; want %s", in, got, err, want)
			continue
		}
		if !IsCanonical(got) {
			t.Errorf("%s: %s is not its own canonical form", in, got)
		}
	}
}

func TestCanonicalizeRefuses(t *testing.T) {
	for _, in := range []string{
		``, ` `, `{`, `[`, `[1`, `[1,`, `[1,]`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `{1:2}`, `{"a" 1}`, `nul`, `trues`, `1 2`, `[1 2]`,
		`"`, `"a`, "\"\n\"", `"\`, `"\u`, `"\u12`, `"\u12g4"`, `"\x"`, `"\ud800"`, `"\ud800a"`, `"\ud800\u0041"`, `"\udc00"`, "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
		`{"a":1,"a":1}`, `{"a":1,"b":2,"\u0061":3}`,
		`01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `--1`, `0x1`, `NaN`, `Infinity`, `1_0`, `1e309`, `1e99999`,
		`9007199254740993`, `9223372036854775807`, `0.1000000000000000055511151231257827`, `1152921504606846976`, `1e-400`,
		strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
		strings.Repeat("[", 1_000_000),
		strings.Repeat("1", 1000),
	} {
		if got, err := Canonicalize([]byte(in)); err == nil {
			t.Errorf("%.60q: got %s, want an error", in, got)
		}
	}
	if _, err := Canonicalize([]byte(strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth))); err != nil {
		t.Errorf("nesting of %d: %v", MaxDepth, err)
	}
}

// TestNumbers has the samples of RFC 8785, appendix B, and doubles at random.
func TestNumbers(t *testing.T) {
	for hex, want := range map[string]string{
		"0000000000000000": "0",
		"8000000000000000": "0",
		"0000000000000001": "5e-324",
		"8000000000000001": "-5e-324",
		"7fefffffffffffff": "1.7976931348623157e+308",
		"ffefffffffffffff": "-1.7976931348623157e+308",
		"4340000000000000": "9007199254740992",
		"c340000000000000": "-9007199254740992",
		"4430000000000000": "295147905179352830000",
		"44b52d02c7e14af5": "9.999999999999997e+22",
		"44b52d02c7e14af6": "1e+23",
		"44b52d02c7e14af7": "1.0000000000000001e+23",
		"444b1ae4d6e2ef4e": "999999999999999700000",
		"444b1ae4d6e2ef4f": "999999999999999900000",
		"444b1ae4d6e2ef50": "1e+21",
		"3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
		"3eb0c6f7a0b5ed8d": "0.000001",
		"41b3de4355555553": "333333333.3333332",
		"41b3de4355555554": "333333333.33333325",
		"41b3de4355555555": "333333333.3333333",
		"41b3de4355555556": "333333333.3333334",
		"41b3de4355555557": "333333333.33333343",
		"becbf647612f3696": "-0.0000033333333333333333",
		"43143ff3c1cb0959": "1424953923781206.2",
	} {
		n, err := strconv.ParseUint(hex, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendNumber(nil, math.Float64frombits(n))); got != want {
			t.Errorf("%s: got %s, want %s", hex, got, want)
		}
	}
}

func TestCanonicalValues(t *testing.T) {
	got, err := Canonical(map[string]any{"b": []string{"<a>"}, "a": int64(-7), "c": nil, "d": true, "e": map[string]int{}})
	if want := `{"a":-7,"b":["<a>"],"c":null,"d":true,"e":{}}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	for _, v := range []any{math.NaN(), math.Inf(1), func() {}, int64(1<<53 + 1), uint64(math.MaxUint64)} {
		if got, err := Canonical(v); err == nil {
			t.Errorf("%v: got %s, want an error", v, got)
		}
	}
}

// FuzzCanonicalize: what is accepted is JSON of the same meaning, and stable.
func FuzzCanonicalize(f *testing.F) {
	for _, s := range []string{
		`{"b":[1,-2.5e3,null,true],"a":"\u20ac\n"}`, `{"\ud83d\ude00":1,"\ufb33":2}`, `[[[[]]]]`, `"\ud800"`, `{"a":1,"a":2}`, `9007199254740993`, `0.1`, `1e400`, `-0`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := Canonicalize(in)
		if err != nil {
			return
		}
		again, err := Canonicalize(out)
		if err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q became %q, which became %q (%v)", in, out, again, err)
		}
		var a, b any
		if err := json.Unmarshal(in, &a); err != nil {
			t.Fatalf("%q was accepted and encoding/json says %v", in, err)
		}
		if err := json.Unmarshal(out, &b); err != nil {
			t.Fatalf("%q was written and encoding/json says %v", out, err)
		}
		x, errX := json.Marshal(a)
		y, errY := json.Marshal(b)
		// encoding/json keeps the sign of minus zero, which RFC 8785 drops.
		if clean := bytes.ReplaceAll; errX != nil || errY != nil || !bytes.Equal(clean(x, []byte("-0"), []byte("0")), clean(y, []byte("-0"), []byte("0"))) {
			t.Fatalf("%q means %s, %q means %s", in, x, out, y)
		}
	})
}
