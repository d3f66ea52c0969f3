package fingerprint

import "github.com/asepsis/asepsis/internal/asset"

// Kind is the finer kind of a device, as a hospital speaks of it.
type Kind struct {
	Name  string      // infusion_pump
	Title string      // infusion pump
	Class asset.Class // the class every device of this kind is of
}

// Kinds lists every kind a rule may name.
var Kinds = []Kind{
	{"infusion_pump", "infusion pump", asset.Medical},
	{"patient_monitor", "patient monitor", asset.Medical},
	{"central_station", "central monitoring station", asset.Medical},
	{"telemetry", "telemetry", asset.Medical},
	{"ventilator", "ventilator", asset.Medical},
	{"anesthesia", "anesthesia machine", asset.Medical},
	{"defibrillator", "defibrillator", asset.Medical},
	{"ecg", "ECG cart", asset.Medical},
	{"ct_scanner", "CT scanner", asset.Medical},
	{"mri", "MRI scanner", asset.Medical},
	{"xray", "X-ray", asset.Medical},
	{"ultrasound", "ultrasound", asset.Medical},
	{"mammography", "mammography", asset.Medical},
	{"nuclear", "nuclear medicine or PET", asset.Medical},
	{"angiography", "angiography or C-arm", asset.Medical},
	{"radiotherapy", "radiotherapy", asset.Medical},
	{"endoscopy", "endoscopy", asset.Medical},
	{"imaging", "imaging device", asset.Medical},
	{"imaging_workstation", "imaging workstation", asset.Medical},
	{"pacs", "picture archive (PACS)", asset.Medical},
	{"lab_analyzer", "laboratory analyzer", asset.Medical},
	{"blood_gas", "blood gas analyzer", asset.Medical},
	{"glucose_meter", "glucose meter or its dock", asset.Medical},
	{"medication_cabinet", "medication cabinet", asset.Medical},
	{"dialysis", "dialysis machine", asset.Medical},
	{"hospital_bed", "hospital bed", asset.Medical},
	{"nurse_call", "nurse call", asset.Medical},
	{"device_gateway", "medical device gateway", asset.Medical},
	{"medical", "medical device", asset.Medical},

	{"server", "server", asset.Server},
	{"hypervisor", "hypervisor", asset.Server},
	{"storage", "storage", asset.Server},
	{"domain_controller", "domain controller", asset.Server},
	{"database", "database server", asset.Server},
	{"mail_server", "mail server", asset.Server},
	{"interface_engine", "interface engine (HL7)", asset.Server},
	{"server_management", "server's management card", asset.Server},
	{"virtual_machine", "virtual machine", asset.Server},

	{"pc", "PC", asset.Workstation},
	{"thin_client", "thin client", asset.Workstation},
	{"mac", "Mac", asset.Workstation},
	{"chromebook", "Chromebook", asset.Laptop},
	{"laptop", "laptop", asset.Laptop},

	{"switch", "switch", asset.Network},
	{"router", "router", asset.Network},
	{"firewall", "firewall", asset.Network},
	{"access_point", "wireless access point", asset.Network},
	{"wireless_controller", "wireless controller", asset.Network},
	{"load_balancer", "load balancer", asset.Network},
	{"network_device", "network device", asset.Network},
	{"vpn_gateway", "VPN gateway", asset.Network},
	{"console_server", "console server", asset.Network},
	{"serial_gateway", "serial device server", asset.Network},

	{"printer", "printer", asset.Printer},
	{"label_printer", "label printer", asset.Printer},
	{"multifunction", "multifunction printer", asset.Printer},
	{"print_server", "print server", asset.Printer},

	{"phone", "mobile phone", asset.Mobile},
	{"tablet", "tablet", asset.Mobile},
	{"handheld", "handheld scanner", asset.Mobile},
	{"badge_communicator", "voice badge", asset.Mobile},

	{"desk_phone", "desk phone", asset.IoT},
	{"voice_gateway", "voice gateway", asset.IoT},
	{"conference", "conference system", asset.IoT},
	{"camera", "camera", asset.IoT},
	{"video_recorder", "video recorder", asset.IoT},
	{"badge_reader", "door controller or badge reader", asset.IoT},
	{"building_control", "building control", asset.IoT},
	{"ups", "UPS or power distribution", asset.IoT},
	{"plc", "industrial controller", asset.IoT},
	{"sensor", "sensor", asset.IoT},
	{"temperature_monitor", "temperature monitor", asset.IoT},
	{"tv", "television or signage", asset.IoT},
	{"media_player", "media player", asset.IoT},
	{"clock", "network clock", asset.IoT},
	{"scanner_rtls", "location system", asset.IoT},
	{"iot", "embedded device", asset.IoT},
	{"time_clock", "time clock", asset.IoT},
	{"pneumatic_tube", "pneumatic tube station", asset.IoT},
	{"game_console", "game console", asset.IoT},
}

var kindByName = func() map[string]Kind {
	m := make(map[string]Kind, len(Kinds))
	for _, k := range Kinds {
		m[k.Name] = k
	}
	return m
}()

// KindNamed returns the kind with the name.
func KindNamed(name string) (Kind, bool) {
	k, ok := kindByName[name]
	return k, ok
}
