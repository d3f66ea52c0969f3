// Package table imports the tables that hospitals have lying about: lists of
// assets, the HR roster, accounts with their second factors, training
// completions, results of simulated phishing, vendors with contract terms, as
// CSV or as Excel workbook.
//
// What a table may hold is data: a [Kind] lists its fields with the headers that
// real exports use. Headers are matched by name; where that leaves doubt, the
// importer asks by refusing the file with the mapping it would have used.
package table

import (
	"strings"
	"sync"

	"github.com/asepsis/asepsis/internal/fact"
)

// Type says how the cells of a field are read.
type Type uint8

// The types of field.
const (
	Text   Type = iota + 1
	List        // several values in one cell
	Bool        // yes or no
	Date        // a day, with or without a time
	Int         // a whole number
	Hours       // a span of time, kept in hours
	Choice      // one of a few words
)

var typeNames = [...]string{"", "text", "list", "yes or no", "date", "number", "span of time", "choice"}

func (t Type) String() string { return typeNames[t] }

// Field is one column that a table may have.
type Field struct {
	Name    string   // header of our template, and the name used in a mapping
	Aliases []string // headers of real exports, best first
	Type    Type
	Attr    string // attribute that the value states as it is; "" where the table works on it first
	Need    string // fields of the same need: at least one of them must have a column
	Doc     string
	Example [2]string // of the template's example rows

	// Tell says how much the header speaks for this kind of table: 0 for what
	// any table may have, 3 for what no other has.
	Tell int
	// Past dates cannot lie ahead.
	Past bool
	// Say makes an empty cell a statement: "the file leaves it empty" is why the
	// attribute is not measured.
	Say bool
	// Choices of a Choice: what is kept, and the words that mean it. With Loose,
	// another word is no fault; the attribute is then missing, with the word as reason.
	Choices []Option
	Loose   bool

	split func(string) []string // of a List whose cells need more than cell.List
}

// Option is one value of a Choice.
type Option struct {
	Value string
	Words []string // normal form
}

// Kind is one kind of table.
type Kind struct {
	Name   string // "people": format csv/people, stream import/people
	Title  string
	Gives  string // what one learns from it
	Key    string // what tells its rows apart, for people
	Fields []Field
	// Useless lists headers of exports that hold nothing for us, so that none is
	// ever guessed to be a field.
	Useless []string

	kind  fact.Kind
	build func(*builder) taker
}

// Field finds a field by name.
func (k *Kind) Field(name string) (*Field, bool) {
	for i := range k.Fields {
		if k.Fields[i].Name == name {
			return &k.Fields[i], true
		}
	}
	return nil, false
}

// Kinds lists the kinds of table in the order people are shown them.
func Kinds() []*Kind { return []*Kind{&assets, &people, &accounts, &training, &phishing, &vendors} }

// KindOf finds a kind by name.
func KindOf(name string) (*Kind, bool) {
	name = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "csv/")
	for _, k := range Kinds() {
		if k.Name == name {
			return k, true
		}
	}
	return nil, false
}

// needs lists the needs of the kind, each with the fields that fill it.
func (k *Kind) needs() map[string][]string {
	m := make(map[string][]string)
	for _, f := range k.Fields {
		if f.Need != "" {
			m[f.Need] = append(m[f.Need], f.Name)
		}
	}
	return m
}

// indexes holds the headers of every kind, made once.
var indexes = sync.OnceValue(func() map[*Kind]map[string]header {
	m := make(map[*Kind]map[string]header)
	for _, k := range Kinds() {
		m[k] = k.makeIndex()
	}
	return m
})

func (k *Kind) index() map[string]header { return indexes()[k] }
