// Package all lists the systems that are built in, one line each. It is not for anything else: who embeds
// Crosswalk with fewer systems makes a list of its own. Start with [Systems].
package all

import (
	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/ccv"
	"github.com/crosswalk-go/crosswalk/connectors/eaccounting"
	"github.com/crosswalk-go/crosswalk/connectors/ecwid"
	"github.com/crosswalk-go/crosswalk/connectors/magento"
	"github.com/crosswalk-go/crosswalk/connectors/shopware"
)

// Systems returns the systems that are built in, by name.
func Systems() []connectors.System {
	return []connectors.System{
		ccv.SalesPOS(),
		ccv.Shop(),
		eaccounting.System(),
		ecwid.System(),
		magento.System(),
		shopware.System(),
	}
}
