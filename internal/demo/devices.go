package demo

import "github.com/asepsis/asepsis/internal/asset"

// model is a kind of device and how many of it an 85-bed hospital has.
type model struct {
	count       int
	prefix      string // of the name; a number follows where there are several
	class       asset.Class
	maker, name string
	os          []system // one is chosen, the first more often
	where       []string
	owner       string
	criticality asset.Criticality
	zone        string
	phi         bool
	ports       []port
}

// system is an operating system with its last day of security updates, as its
// maker gives it; "" where none is published.
type system struct{ name, family, version, ends string }

var (
	win11      = system{"Windows 11 Enterprise", "windows", "24H2", "2027-10-12"}
	win11old   = system{"Windows 11 Enterprise", "windows", "23H2", "2026-11-10"}
	win10      = system{"Windows 10 Enterprise", "windows", "22H2", "2025-10-14"}
	winIoT21   = system{"Windows 10 IoT Enterprise LTSC 2021", "windows", "21H2", "2032-01-13"}
	winIoT16   = system{"Windows 10 IoT Enterprise 2016 LTSB", "windows", "1607", "2026-10-13"}
	win7       = system{"Windows 7 Embedded", "windows", "6.1", "2020-10-13"}
	server2022 = system{"Windows Server 2022 Standard", "windows", "21H2", "2031-10-14"}
	server2019 = system{"Windows Server 2019 Standard", "windows", "1809", "2029-01-09"}
	server2012 = system{"Windows Server 2012 R2 Standard", "windows", "6.3", "2023-10-10"}
	rhel9      = system{"Red Hat Enterprise Linux", "linux", "9.4", "2032-05-31"}
	ubuntu22   = system{"Ubuntu 22.04 LTS", "linux", "22.04", "2027-04-01"}
	firmware   = system{"firmware", "other", "", ""}
)

// port is a network service a device offers.
type port struct {
	number  int64
	service string
	tls     bool
	clear   bool // carries data unencrypted
}

var (
	pRDP   = port{3389, "rdp", true, false}
	pHTTPS = port{443, "https", true, false}
	pHTTP  = port{80, "http", false, true}
	pSSH   = port{22, "ssh", false, false}
	pHL7   = port{2575, "hl7", false, true}
	pDICOM = port{104, "dicom", false, true}
	pDICOS = port{2762, "dicom-tls", true, false}
	pLDAPS = port{636, "ldaps", true, false}
	pSMB   = port{445, "smb", false, false}
	pIPPS  = port{631, "ipps", true, false}
	pTel   = port{23, "telnet", false, true}
)

var (
	wards = []string{"Medical-surgical", "Emergency", "Long-term care", "Obstetrics", "Surgery", "Rural health clinic"}
	desks = []string{"Patient access", "Business office", "Health information", "Pharmacy", "Laboratory", "Radiology", "Administration", "Nurse station 1", "Nurse station 2", "Emergency", "Rehabilitation", "Rural health clinic"}
	rack  = []string{"Data room, rack 1", "Data room, rack 2"}
)

// models list what the hospital has. Makers and models are invented.
var models = []model{
	{1, "EHR-DB-01", asset.Server, "Tamarack", "R740", []system{rhel9}, rack, "IT", asset.Clinical, "servers", true, []port{pSSH, pHTTPS}},
	{2, "EHR-APP", asset.Server, "Tamarack", "R740", []system{server2022}, rack, "IT", asset.Clinical, "servers", true, []port{pRDP, pHTTPS}},
	{1, "PACS-01", asset.Server, "Tamarack", "R550", []system{server2019}, rack, "Radiology", asset.Clinical, "servers", true, []port{pRDP, pHTTPS, pDICOM, pDICOS}},
	{1, "LIS-01", asset.Server, "Tamarack", "R550", []system{server2019}, rack, "Laboratory", asset.Clinical, "servers", true, []port{pRDP, pHTTPS, pHL7}},
	{1, "PHARM-01", asset.Server, "Tamarack", "R550", []system{server2019}, rack, "Pharmacy", asset.Clinical, "servers", true, []port{pRDP, pHTTPS}},
	{1, "HL7-ENGINE", asset.Server, "Tamarack", "R550", []system{ubuntu22}, rack, "Clinical informatics", asset.Clinical, "servers", true, []port{pSSH, pHTTPS, pHL7}},
	{2, "DC", asset.Server, "Tamarack", "R440", []system{server2022}, rack, "IT", asset.Clinical, "servers", false, []port{pRDP, pLDAPS, pSMB}},
	{2, "HOST", asset.Server, "Tamarack", "R740", []system{rhel9}, rack, "IT", asset.Clinical, "servers", true, []port{pSSH, pHTTPS}},
	{1, "PUMP-GW", asset.Server, "Tamarack", "R440", []system{server2019}, rack, "Biomedical engineering", asset.Clinical, "servers", false, []port{pRDP, pHTTPS}},
	{1, "TELE-GW", asset.Server, "Tamarack", "R440", []system{server2019}, rack, "Biomedical engineering", asset.LifeSupporting, "servers", true, []port{pRDP, pHTTPS, pHL7}},
	{2, "FILE", asset.Server, "Tamarack", "R440", []system{server2022}, rack, "IT", asset.Business, "servers", true, []port{pRDP, pSMB}},
	{1, "PRINT-01", asset.Server, "Tamarack", "R440", []system{server2022}, rack, "IT", asset.Business, "servers", false, []port{pRDP, pIPPS}},
	{1, "BACKUP-01", asset.Server, "Tamarack", "R550", []system{ubuntu22}, rack, "IT", asset.Clinical, "servers", true, []port{pSSH, pHTTPS}},
	{1, "PORTAL-WEB", asset.Server, "Tamarack", "R440", []system{ubuntu22}, rack, "IT", asset.Business, "dmz", true, []port{pSSH, pHTTPS}},
	{1, "TIMECLOCK", asset.Server, "Oldfield", "ML350", []system{server2012}, rack, "Human resources", asset.Business, "servers", false, []port{pRDP, pHTTP}},
	{1, "DICTATE", asset.Server, "Oldfield", "ML350", []system{server2012}, rack, "Health information", asset.Business, "servers", true, []port{pRDP, pHTTPS}},
	{1, "PAYROLL", asset.Server, "Tamarack", "R440", []system{server2019}, rack, "Human resources", asset.Business, "servers", false, []port{pRDP, pHTTPS}},
	{1, "LOG-01", asset.Server, "Tamarack", "R440", []system{ubuntu22}, rack, "IT", asset.Business, "servers", false, []port{pSSH, pHTTPS}},
	{1, "BADGE-SRV", asset.Server, "Oldfield", "ML110", []system{server2019}, rack, "Facilities", asset.Minor, "servers", false, []port{pRDP, pHTTPS}},
	{1, "SCAN-01", asset.Server, "Tamarack", "R240", []system{rhel9}, rack, "IT", asset.Business, "servers", false, []port{pSSH, pHTTPS}},

	{118, "WS", asset.Workstation, "Tamarack", "Desk 7", []system{win11, win11, win11, win11, win11, win11, win11, win10}, desks, "IT", asset.Business, "users", true, []port{pRDP}},
	{58, "LT", asset.Laptop, "Tamarack", "Notebook 5", []system{win11, win11, win11, win11, win11old}, desks, "IT", asset.Business, "users", true, nil},

	{60, "PUMP", asset.Medical, "Halvorsen Infusion", "Drip 8", []system{firmware}, wards, "Biomedical engineering", asset.LifeSupporting, "medical", false, []port{pHTTPS}},
	{26, "MON", asset.Medical, "Brightline Monitoring", "Bedside 60", []system{firmware}, wards, "Biomedical engineering", asset.LifeSupporting, "medical", true, []port{pHTTPS}},
	{3, "CENTRAL-MON", asset.Medical, "Brightline Monitoring", "Central 9", []system{winIoT21}, []string{"Emergency", "Medical-surgical", "Surgery"}, "Biomedical engineering", asset.LifeSupporting, "medical", true, []port{pRDP, pHL7}},
	{6, "VENT", asset.Medical, "Halvorsen Infusion", "Breathe 2", []system{firmware}, wards, "Respiratory care", asset.LifeSupporting, "medical", false, nil},
	{1, "CT-01", asset.Medical, "Cascade Imaging", "Slice 64", []system{winIoT16}, []string{"Radiology"}, "Radiology", asset.Clinical, "imaging", true, []port{pRDP, pDICOM}},
	{1, "MRI-01", asset.Medical, "Cascade Imaging", "Field 1.5", []system{win7}, []string{"Radiology"}, "Radiology", asset.Clinical, "imaging", true, []port{pRDP, pDICOM}},
	{3, "XRAY", asset.Medical, "Cascade Imaging", "Plate 3", []system{winIoT21}, []string{"Radiology", "Emergency"}, "Radiology", asset.Clinical, "imaging", true, []port{pDICOM}},
	{5, "US", asset.Medical, "Echofield", "Probe 12", []system{winIoT21}, []string{"Radiology", "Obstetrics", "Emergency"}, "Radiology", asset.Clinical, "imaging", true, []port{pDICOM}},
	{6, "LAB", asset.Medical, "Larkfield Diagnostics", "Analyte 500", []system{winIoT21, winIoT16}, []string{"Laboratory"}, "Laboratory", asset.Clinical, "lab", true, []port{pHTTP}},
	{3, "BGA", asset.Medical, "Larkfield Diagnostics", "Gas 2", []system{firmware}, []string{"Laboratory", "Emergency"}, "Laboratory", asset.Clinical, "lab", false, nil},
	{3, "ANES", asset.Medical, "Halvorsen Infusion", "Calm 4", []system{firmware}, []string{"Surgery"}, "Surgery", asset.LifeSupporting, "medical", false, nil},
	{4, "CABINET", asset.Medical, "Larkfield Diagnostics", "Dispense 6", []system{winIoT21}, wards, "Pharmacy", asset.Clinical, "medical", true, []port{pHTTPS}},

	{18, "SW", asset.Network, "Ridgeline Networks", "Access 48", []system{firmware}, wards, "IT", asset.Clinical, "management", false, []port{pSSH, pHTTPS}},
	{2, "FW", asset.Network, "Ridgeline Networks", "Gate 4", []system{firmware}, rack, "IT", asset.Clinical, "management", false, []port{pSSH, pHTTPS}},
	{1, "WLC-01", asset.Network, "Ridgeline Networks", "Air 2", []system{firmware}, rack, "IT", asset.Clinical, "management", false, []port{pSSH, pHTTPS}},

	{28, "PRN", asset.Printer, "Inkwell", "Laser 40", []system{firmware}, desks, "IT", asset.Business, "printers", false, []port{pIPPS}},
	{6, "CAM", asset.IoT, "Owlet", "Eye 2", []system{firmware}, []string{"Entrance", "Parking", "Emergency"}, "Facilities", asset.Minor, "facilities", false, []port{pHTTPS}},
	{4, "HVAC", asset.IoT, "Zephyr Controls", "Air 9", []system{firmware}, []string{"Plant"}, "Facilities", asset.Business, "facilities", false, []port{pHTTP}},
	{14, "TAB", asset.Mobile, "Tamarack", "Slate 3", []system{{"Android", "other", "15", ""}}, wards, "Nursing", asset.Clinical, "users", true, nil},
}

// clinicModels are what the clinic brings that the hospital buys.
var clinicModels = []model{
	{1, "CL-SRV", asset.Server, "Oldfield", "ML110", []system{server2019}, []string{"Clinic closet"}, "Rural health clinic", asset.Clinical, "clinic", true, []port{pRDP, pSMB}},
	{14, "CL-WS", asset.Workstation, "Oldfield", "Tower 3", []system{win10, win11}, []string{"Clinic front desk", "Clinic exam rooms"}, "Rural health clinic", asset.Business, "clinic", true, []port{pRDP}},
	{4, "CL-LT", asset.Laptop, "Oldfield", "Book 2", []system{win11}, []string{"Clinic"}, "Rural health clinic", asset.Business, "clinic", true, nil},
	{5, "CL-VITAL", asset.Medical, "Brightline Monitoring", "Spot 3", []system{firmware}, []string{"Clinic exam rooms"}, "Rural health clinic", asset.Clinical, "clinic", true, []port{pHTTPS}},
	{1, "CL-XRAY", asset.Medical, "Cascade Imaging", "Plate 1", []system{win7}, []string{"Clinic imaging"}, "Rural health clinic", asset.Clinical, "clinic", true, []port{pDICOM}},
	{3, "CL-SW", asset.Network, "Ridgeline Networks", "Access 24", []system{firmware}, []string{"Clinic closet"}, "Rural health clinic", asset.Clinical, "clinic", false, []port{pHTTPS}},
	{6, "CL-PRN", asset.Printer, "Inkwell", "Laser 10", []system{firmware}, []string{"Clinic"}, "Rural health clinic", asset.Business, "clinic", false, []port{pTel, pHTTP}},
	{6, "CL-CAM", asset.IoT, "Owlet", "Eye 1", []system{firmware}, []string{"Clinic"}, "Rural health clinic", asset.Minor, "clinic", false, []port{pTel, pHTTP}},
}
