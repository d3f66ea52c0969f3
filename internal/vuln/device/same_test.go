package device_test

import (
	"testing"

	"github.com/asepsis/asepsis/internal/vuln/device"
)

func TestSame(t *testing.T) {
	a := aliases(t)
	for _, tt := range []struct {
		paper, of device.Named
		want      bool
	}{
		{device.Named{Manufacturer: "Philips", Model: "IntelliVue MX800"}, device.Named{Manufacturer: "Philips Healthcare", Model: "IntelliVue MX800 Patient Monitor"}, true},
		{device.Named{Manufacturer: "Philips", Model: "MX800"}, device.Named{Manufacturer: "PHILIPS", Model: "IntelliVue MX800"}, true},
		{device.Named{Manufacturer: "Philips", Model: "IntelliVue MX800"}, device.Named{Manufacturer: "Philips", Model: "IntelliVue MX450"}, false},
		{device.Named{Manufacturer: "Philips", Model: "IntelliVue"}, device.Named{Manufacturer: "Philips", Model: "IntelliVue MX450"}, false},
		{device.Named{Manufacturer: "GE Healthcare", Model: "MX800"}, device.Named{Manufacturer: "Philips", Model: "MX800"}, false},
		{device.Named{Manufacturer: "Northwind", Model: "Drift 400"}, device.Named{Manufacturer: "Northwind, Inc.", Model: "drift-400"}, true},
		{device.Named{Manufacturer: "Northwind", Model: "Drift 400"}, device.Named{Manufacturer: "Northwind", Model: "Drift"}, false},
		{device.Named{Manufacturer: "BD", Model: "Alaris PC Unit 8015"}, device.Named{Manufacturer: "Becton, Dickinson and Company", Model: "Alaris", ModelNumber: "8015"}, false},
		{device.Named{Manufacturer: "BD", Model: "Alaris PC Unit model 8015"}, device.Named{Manufacturer: "BD", Model: "Infusion pump", ModelNumber: "8015"}, true},
		{device.Named{Manufacturer: "", Model: "X1"}, device.Named{Manufacturer: "", Model: "X1"}, false},
		{device.Named{Manufacturer: "Northwind", Model: ""}, device.Named{Manufacturer: "Northwind", Model: ""}, false},
	} {
		if got := a.Same(tt.paper, tt.of); got != tt.want {
			t.Errorf("a paper about %+v speaks of %+v: %t, want %t", tt.paper, tt.of, got, tt.want)
		}
	}
}
