package table

import (
	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
)

// Headers are those of ServiceNow's computer table, Lansweeper's and Snipe-IT's
// exports, GLPI's, Intune's device list and the maintenance systems of biomedical
// engineering (Nuvolo, AIMS).
var assets = Kind{
	Name:  "assets",
	Title: "Asset list",
	Gives: "which devices the hospital says it has, who answers for them, where they stand, what they run",
	Key:   "the serial number, UDI or asset tag, else the full name, else the name",
	kind:  fact.KindAsset,
	build: newAssets,
	Fields: []Field{
		{
			Name: "name", Type: Text, Need: "identity", Attr: "name", Tell: 0,
			Aliases: []string{"host name", "hostname", "computer name", "device name", "asset name", "AssetName", "item name", "machine name", "netbios name", "system name", "display name", "dns host name", "ci name", "computer"},
			Doc:     "Host name, or what people call the device.", Example: [2]string{"RAD-WS-01", "ICU-PUMP-07"},
		},
		{
			Name: "fqdn", Type: Text, Need: "identity", Tell: 2,
			Aliases: []string{"fully qualified domain name", "dns name", "full computer name", "dnshostname", "full host name"},
			Doc:     "Full host name.", Example: [2]string{"rad-ws-01.hospital.example", ""},
		},
		{
			Name: "serial", Type: Text, Need: "identity", Attr: "serial", Tell: 3,
			Aliases: []string{"serial number", "Serialnumber", "serial no", "serial #", "s/n", "sn", "bios serial number", "service tag", "manufacturer serial number", "mfr serial number"},
			Doc:     "Serial number of the maker.", Example: [2]string{"5CG1234XYZ", "8100-552071"},
		},
		{
			Name: "tag", Type: Text, Need: "identity", Attr: "tag", Tell: 3,
			Aliases: []string{"asset tag", "asset number", "asset id", "control number", "equipment id", "equipment number", "ce number", "barcode", "inventory number", "property tag", "equipment control number", "ecn", "control no", "tag number", "asset no", "device tag"},
			Doc:     "The hospital's own number for it.", Example: [2]string{"A-10412", "BME-2207"},
		},
		{
			Name: "udi", Type: Text, Need: "identity", Attr: "udi", Tell: 3,
			Aliases: []string{"unique device identifier", "udi number", "udi code", "full udi", "udi barcode", "udi carrier"},
			Doc:     "Unique device identifier of a medical device, with its production part: as scanned, or as printed below the barcode. Check digits are verified; one with a serial number names the unit.", Example: [2]string{"", "(01)00812345678901(21)8100-552071"},
		},
		{
			Name: "udi_di", Type: Text, Tell: 3,
			Aliases: []string{"udi-di", "device identifier", "udi di", "primary di", "di number", "gtin", "udi device identifier"},
			Doc:     "Device identifier alone, which names the model.", Example: [2]string{"", "00812345678901"},
		},
		{
			Name: "mac", Type: List, Need: "identity", Attr: "macs", Tell: 2,
			Aliases: []string{"mac address", "mac addresses", "macs", "ethernet mac", "EthernetMAC", "wi-fi mac", "wired mac", "physical address", "hardware address", "network mac address", "mac addr", "macaddress 1"},
			Doc:     "Hardware addresses.", Example: [2]string{"00:1B:44:11:3A:B7", ""},
		},
		{
			Name: "ip", Type: List, Need: "identity", Attr: "ips", Tell: 2,
			Aliases: []string{"ip address", "ip addresses", "ips", "IPAddress", "ipv4 address", "primary ip", "last ip address", "WiFiIPv4Address", "network ip address", "ip addr", "static ip", "static ip address"},
			Doc:     "Network addresses.", Example: [2]string{"10.20.4.31", "10.20.9.107"},
		},
		{
			Name: "class", Type: Text, Tell: 2,
			Aliases: []string{"asset type", "AssetTypename", "device type", "type", "category", "device category", "ci class", "sys_class_name", "class name", "equipment type", "asset class", "form factor", "chassis type", "description", "modality", "device class", "equipment description"},
			Doc:     "Kind of device: server, workstation, laptop, medical_device, network_device, mobile, printer, iot. Other words are recognized (\"infusion pump\").", Example: [2]string{"workstation", "infusion pump"},
		},
		{
			Name: "manufacturer", Type: Text, Attr: "manufacturer", Tell: 2,
			Aliases: []string{"make", "maker", "vendor name", "oem", "brand", "hardware manufacturer", "manufacturer name", "mfr", "mfg"},
			Doc:     "Maker.", Example: [2]string{"Fabrikam", "Contoso Medical"},
		},
		{
			Name: "model", Type: Text, Attr: "model", Tell: 2,
			Aliases: []string{"model name", "model id", "model_id", "product model", "hardware model", "model description"},
			Doc:     "Model.", Example: [2]string{"Elite 8", "Pump 3000"},
		},
		{
			Name: "model_number", Type: Text, Attr: "model_number", Tell: 2,
			Aliases: []string{"model number", "model no", "catalog number", "catalog no", "version or model number", "part number", "product number", "manufacturer part number", "mfr model number"},
			Doc:     "Model or catalog number of the maker. It is the model too where the table has no other.", Example: [2]string{"", "P-3000"},
		},
		{
			Name: "gmdn_term", Type: Text, Attr: "gmdn_term", Tell: 3,
			Aliases: []string{"gmdn", "gmdn name", "gmdn term name", "gmdn preferred term", "fda product name", "fda product code name", "nomenclature term"},
			Doc:     "What kind of medical device it is: GMDN or FDA product name.", Example: [2]string{"", ""},
		},
		{
			Name: "os", Type: Text, Attr: "os_name", Tell: 2,
			Aliases: []string{"operating system", "OSname", "os name", "platform", "os caption", "operating system name"},
			Doc:     "Operating system.", Example: [2]string{"Windows 11 Enterprise", ""},
		},
		{
			Name: "os_version", Type: Text, Attr: "os_version", Tell: 2,
			Aliases: []string{"os version", "operating system version", "version", "BuildNumber", "os build", "OScode", "firmware version"},
			Doc:     "Version of the operating system, or of the firmware.", Example: [2]string{"23H2", "4.1"},
		},
		{
			Name: "os_support_ends", Type: Date, Attr: "os_support_ends_at", Tell: 2, Say: true,
			Aliases: []string{"os end of support", "end of support", "os support end", "os eol date", "end of life date", "end of security updates"},
			Doc:     "Last day of security updates.", Example: [2]string{"2027-10-12", ""},
		},
		{
			Name: "owner", Type: Text, Attr: "owner", Tell: 1,
			Aliases: []string{"assigned to", "asset owner", "owned by", "managed by", "support group", "checked out to", "primary user upn", "primary user email address", "primary user display name", "custodian", "responsible", "UserName", "managed by group", "owning department", "clinical owner", "service group", "technician in charge"},
			Doc:     "Who answers for it.", Example: [2]string{"Radiology", "Biomedical Engineering"},
		},
		{
			Name: "location", Type: Text, Attr: "location", Tell: 1,
			Aliases: []string{"room", "floor", "unit", "default location", "IPLocation", "department location", "area", "room number", "location name"},
			Doc:     "Where it stands.", Example: [2]string{"Radiology reading room", "ICU bed 7"},
		},
		{
			Name: "site", Type: Text, Attr: "site", Tell: 1,
			Aliases: []string{"building", "campus", "facility", "site name", "facility name", "building name", "hospital", "entity"},
			Doc:     "Building or campus.", Example: [2]string{"Main campus", "Main campus"},
		},
		{
			Name: "zone", Type: Text, Attr: "zone", Tell: 1,
			Aliases: []string{"network zone", "vlan", "vlan name", "network segment", "security zone"},
			Doc:     "Network zone or VLAN.", Example: [2]string{"clinical", "medical devices"},
		},
		{
			Name: "criticality", Type: Choice, Attr: "criticality", Tell: 2, Loose: true,
			Aliases: []string{"business criticality", "risk class", "risk level", "importance", "priority", "life support", "criticality level", "clinical risk", "equipment risk", "device risk", "risk category", "criticality code"},
			Doc:     "What fails when it does: life_supporting, clinical, business, minor.", Example: [2]string{"clinical", "life_supporting"},
			Choices: []Option{
				{string(asset.LifeSupporting), []string{"life supporting", "life support", "life critical", "life sustaining", "mission critical", "critical", "1 most critical", "class iii", "very high", "life support equipment", "life safety", "1 critical"}},
				{string(asset.Clinical), []string{"clinical", "high", "2 somewhat critical", "class ii", "patient care", "high risk", "high risk equipment", "2 high", "clinical care", "patient safety"}},
				{string(asset.Business), []string{"business", "medium", "moderate", "3 less critical", "administrative", "normal", "medium risk", "moderate risk", "3 moderate", "3 medium", "operational", "standard"}},
				{string(asset.Minor), []string{"minor", "low", "4 not critical", "none", "class i", "not critical", "non critical", "low risk", "4 low", "very low"}},
			},
		},
		{
			Name: "status", Type: Choice, Attr: "status", Tell: 0, Loose: true,
			Aliases: []string{"asset status", "install status", "install_status", "lifecycle status", "life cycle stage", "asset state", "Statename", "state", "device state", "hardware status"},
			Doc:     "in_use, in_stock or retired.", Example: [2]string{"in_use", "in_use"},
			Choices: []Option{
				{"in_use", []string{"in use", "active", "installed", "deployed", "production", "operational", "in service", "online", "managed", "in maintenance", "pending repair", "on loan", "assigned", "live"}},
				{"in_stock", []string{"in stock", "stock", "spare", "storage", "ready to deploy", "pending", "pending install", "on order", "undeployed", "available", "not in use"}},
				{"retired", []string{"retired", "disposed", "archived", "decommissioned", "scrapped", "sold", "removed", "out of service", "absent", "broken", "end of life", "surplus"}},
			},
		},
		{
			Name: "fragile", Type: Bool, Attr: "fragile", Tell: 3,
			Aliases: []string{"do not scan", "no scan", "exclude from scanning", "scan exclusion", "do not probe", "scan sensitive", "do not touch"},
			Doc:     "Must not be probed: discovery sends it nothing.", Example: [2]string{"no", "yes"},
		},
		{
			Name: "internet_facing", Type: Bool, Attr: "internet_facing", Tell: 2,
			Aliases: []string{"internet-facing", "exposed to internet", "external facing", "public facing", "publicly accessible"},
			Doc:     "Reachable from the internet.", Example: [2]string{"no", "no"},
		},
		{
			Name: "handles_phi", Type: Bool, Attr: "handles_phi", Tell: 2,
			Aliases: []string{"phi", "ephi", "stores phi", "contains phi", "contains ephi", "handles ephi", "phi present", "patient data"},
			Doc:     "Stores or processes patient data.", Example: [2]string{"yes", "yes"},
		},
		{
			Name: "mds2", Type: Bool, Attr: "mds2", Tell: 3,
			Aliases: []string{"mds2 on file", "mds2 form", "mds2 received"},
			Doc:     "The maker's MDS2 security disclosure is on file.", Example: [2]string{"", "yes"},
		},
		{
			Name: "disk_encrypted", Type: Bool, Attr: "disk_encrypted", Tell: 2, Say: true,
			Aliases: []string{"encrypted", "disk encryption", "encryption status", "is encrypted", "bitlocker status", "bitlocker", "filevault", "drive encryption"},
			Doc:     "Every volume that holds data is encrypted.", Example: [2]string{"yes", ""},
		},
		{
			Name: "endpoint_protection", Type: Text, Attr: "endpoint_protection", Tell: 2,
			Aliases: []string{"edr", "antivirus", "av product", "endpoint security", "edr product", "antivirus product"},
			Doc:     "Product that watches the machine.", Example: [2]string{"Example EDR", ""},
		},
		{
			Name: "endpoint_protection_running", Type: Bool, Attr: "endpoint_protection_running", Tell: 2, Say: true,
			Aliases: []string{"edr running", "edr status", "antivirus running", "av running", "antivirus status", "real-time protection"},
			Doc:     "It is running.", Example: [2]string{"yes", ""},
		},
		{
			Name: "last_seen", Type: Date, Attr: "last_seen_at", Past: true, Tell: 1,
			Aliases: []string{"Lastseen", "last check-in", "last checkin", "last discovered", "last contact", "most recent discovery", "last inventory", "last sync", "last scan date"},
			Doc:     "Last sign of life.", Example: [2]string{"2026-10-30", ""},
		},
		{
			Name: "backup_at", Type: Date, Attr: "backup_at", Past: true, Tell: 2, Say: true,
			Aliases: []string{"last backup", "last successful backup", "backup date", "last backup date"},
			Doc:     "Last good backup.", Example: [2]string{"", ""},
		},
		{
			Name: "backup_encrypted", Type: Bool, Attr: "backup_encrypted", Tell: 2, Say: true,
			Aliases: []string{"backups encrypted", "encrypted backup", "backup encryption"},
			Doc:     "Its backups are encrypted.", Example: [2]string{"", ""},
		},
	},
}
