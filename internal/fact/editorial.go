package fact

import "slices"

// StreamEdits is the stream of what people say of assets in the product itself.
const StreamEdits = "person/assets"

// editorial lists what a person decides about an asset better than any source.
var editorial = [...]string{
	"class", "criticality", "fragile", "handles_phi", "internet_facing", "location", "name", "owner", "site", "status", "tag", "zone",
}

// Editorial returns the attributes of assets that people edit, in order.
func Editorial() []string { return slices.Clone(editorial[:]) }
