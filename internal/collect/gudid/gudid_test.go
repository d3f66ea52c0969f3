package gudid_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/gudid"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/udi"
)

const device = "PrimaryDI|publicDeviceRecordKey|deviceCommDistributionStatus|devicePublishDate|brandName|versionModelNumber|catalogNumber|companyName|deviceDescription|singleUse|lotBatch|serialNumber|expirationDate|MRISafetyStatus|rx|otc|deviceSterile|deviceKit\n" +
	"00844588018923|k|In Commercial Distribution|2015-09-24|Pump 3000|P-3000|C-1|CONTOSO MEDICAL, INC.|Infusion pump|false|false|true|false|MR Unsafe|true|false|false|false\n" +
	"H123PARTNO1234567890120|k|In Commercial Distribution|2016-01-02||M-2||Fabrikam||||||||||\n"

const terms = "PrimaryDI|gmdnPTName|gmdnPTDefinition|implantable|gmdnCodeStatus|gmdnCode\n00844588018923|General-purpose infusion pump|x|false|Active|13215\n"

const codes = "PrimaryDI|productCode|productCodeName\n00844588018923|FRN|Pump, infusion\nH123PARTNO1234567890120|MHX|Monitor, physiological, patient\n"

const openfda = `{"meta": {"disclaimer": "x"}, "results": [{"public_device_record_key": "k", "brand_name": "Pump 3000", "version_or_model_number": "P-3000", "company_name": "CONTOSO MEDICAL, INC.",
 "identifiers": [{"id": "00844588018923", "type": "Primary", "issuing_agency": "GS1"}, {"id": "00844868017264", "type": "Package", "issuing_agency": "GS1"}],
 "gmdn_terms": [{"name": "General-purpose infusion pump", "definition": "x"}], "product_codes": [{"code": "FRN", "name": "Pump, infusion", "openfda": {"device_class": "2"}}],
 "mri_safety": "MR Unsafe", "is_rx": "true", "is_otc": "false", "has_serial_number": "true", "publish_date": "2015-09-24"}]}`

func packed(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		e, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(data []byte, wanted func(string) bool) ([]gudid.Model, error) {
	var out []gudid.Model
	err := gudid.Read(context.Background(), collecttest.Input("gudid", data), wanted, func(m gudid.Model) error {
		out = append(out, m)
		return nil
	})
	return out, err
}

func TestForms(t *testing.T) {
	xml := testshared.Read(t, "corpora", "inventories", "devices", "fda-gudid", "test.xml")
	ms, err := read(xml, nil)
	if err != nil || len(ms) != 1 {
		t.Fatal(len(ms), err)
	}
	m := ms[0]
	if m.DI != "00844588018923" || m.Agency != udi.GS1 || m.Company != "CONSENSUS ORTHOPEDICS, INC." || m.ModelNumber != "1107-0-3258" || len(m.Terms) != 2 || len(m.Codes) != 2 || m.SingleUse != gudid.Yes || m.HasSerial != gudid.No {
		t.Errorf("got %+v", m)
	}
	archive := packed(t, "device.txt", device, "gmdnTerms.txt", terms, "productCodes.txt", codes)
	for name, data := range map[string][]byte{"openFDA": []byte(openfda), "delimited": archive} {
		ms, err := read(data, func(di string) bool { return di == "00844588018923" })
		if err != nil || len(ms) != 1 {
			t.Fatal(name, len(ms), err)
		}
		want := fact.Values{
			"class": "medical_device", "udi_di": "00844588018923", "manufacturer": "CONTOSO MEDICAL, INC.", "model": "Pump 3000", "model_number": "P-3000", "gmdn_term": "General-purpose infusion pump",
		}
		if diff := cmp.Diff(want, ms[0].Values()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if ms[0].MRI != "MR Unsafe" || ms[0].Rx != gudid.Yes || ms[0].OTC != gudid.No || ms[0].HasSerial != gudid.Yes || ms[0].Kit == gudid.Yes {
			t.Errorf("%s: flags of %+v", name, ms[0])
		}
	}
	all, err := read(archive, nil)
	if err != nil || len(all) != 2 || all[1].Agency != udi.HIBCC || all[1].Values()["gmdn_term"] != "Monitor, physiological, patient" || all[1].Sterile != gudid.Unsaid {
		t.Errorf("got %+v, %v", all, err)
	}
}

// TestPackages finds a model by the identifier of its package too.
func TestPackages(t *testing.T) {
	ms, err := read([]byte(openfda), func(di string) bool { return di == "00844868017264" })
	if err != nil || len(ms) != 1 {
		t.Errorf("%d records, %v", len(ms), err)
	}
}

func TestRecognize(t *testing.T) {
	for _, data := range []string{device, openfda, `<?xml version="1.0"?><gudid xmlns="http://www.fda.gov/cdrh/gudid"><device/></gudid>`} {
		if n := gudid.Recognize("x", []byte(data)); n < 90 {
			t.Errorf("sure to %d of %.40q", n, data)
		}
	}
	for _, f := range collecttest.Foreign() {
		if n := gudid.Recognize(f.Name, f.Data); n > 0 {
			t.Errorf("%s: sure to %d", f.Name, n)
		}
	}
}

func TestRefused(t *testing.T) {
	archive := packed(t, "device.txt", device)
	few := collecttest.Input("x", []byte(device))
	few.Limits.Items = 1
	small := collecttest.Input("x", packed(t, "a.xml", strings.Repeat(" ", 1<<20)))
	small.Limits.Bytes = 1 << 16
	for name, in := range map[string]collect.Input{
		"empty": collecttest.Input("x", nil), "foreign": collecttest.Input("x", []byte("notes\n")), "cut": collecttest.Input("x", []byte(device[:len(device)-3])),
		"cut archive": collecttest.Input("x", archive[:len(archive)/2]), "no records": collecttest.Input("x", []byte(strings.SplitAfter(device, "\n")[0])),
		"cut json": collecttest.Input("x", []byte(openfda[:300])), "too many": few, "bomb": small, "no identifier": collecttest.Input("x", []byte(`{"results": [{"brand_name": "x"}]}`)),
	} {
		err := gudid.Read(context.Background(), in, nil, func(gudid.Model) error { return nil })
		r, ok := errors.AsType[*collect.Refusal](err)
		if !ok || r.Faults[0].Reason == "" || r.Faults[0].Mend == "" {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
}

func TestErrorOfTheCaller(t *testing.T) {
	mine := errors.New("mine")
	err := gudid.Read(context.Background(), collecttest.Input("x", []byte(device)), nil, func(gudid.Model) error { return mine })
	if !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
}

// TestSample reads 50,000 records in 194 MB, as they are published.
func TestSample(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 194 MB")
	}
	data := testshared.Read(t, "corpora", "inventories", "devices", "fda-gudid", "openfda-device-udi-test.zip.zst")
	n, odd := 0, 0
	var err error
	grown := collecttest.Peak(func() {
		err = gudid.Read(context.Background(), collecttest.Input("x.zip", data), nil, func(m gudid.Model) error {
			n++
			if _, _, err := udi.ParseDI(m.DI); err != nil || m.Company == "" {
				odd++
			}
			return nil
		})
	})
	if err != nil || n != 50_000 {
		t.Errorf("%d records, %v", n, err)
	}
	if grown > 64<<20 {
		t.Errorf("took %d MB", grown>>20)
	}
	// Nine of the identifiers are published with a wrong check digit, and kept so.
	if odd != 9 {
		t.Errorf("%d records without a company or with an identifier that is none, want 9", odd)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(device))
	f.Add([]byte(openfda))
	f.Add(packed(f, "device.txt", device, "gmdnTerms.txt", terms, "productCodes.txt", codes))
	f.Add([]byte(`<gudid><device><identifiers><identifier><deviceId>00844588018923</deviceId><deviceIdType>Primary</deviceIdType></identifier></identifiers></device></gudid>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := collecttest.Input("x", data)
		in.Limits = collect.Limits{Bytes: 1 << 20, Items: 1000, Depth: 64, Field: 1 << 16, Findings: 10}
		gudid.Recognize("x", data)
		err := gudid.Read(context.Background(), in, nil, func(m gudid.Model) error {
			if m.DI == "" {
				t.Fatal("a record without an identifier")
			}
			m.Values()
			return nil
		})
		if _, ok := errors.AsType[*collect.Refusal](err); err != nil && !ok {
			t.Fatalf("neither records nor a refusal: %v", err)
		}
	})
}

// BenchmarkRead reads the sample of 50,000 records, unpacked as it is read.
func BenchmarkRead(b *testing.B) {
	data := testshared.Read(b, "corpora", "inventories", "devices", "fda-gudid", "openfda-device-udi-test.zip.zst")
	b.SetBytes(194139220)
	for b.Loop() {
		if err := gudid.Read(context.Background(), collecttest.Input("x.zip", data), func(string) bool { return false }, nil); err != nil {
			b.Fatal(err)
		}
	}
}
