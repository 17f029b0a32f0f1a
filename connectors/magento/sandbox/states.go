package sandbox

import "math/big"

// cancel answers false where there is nothing to cancel.
func (s *Sandbox) cancel(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	invoiced := false
	for _, i := range topItems(o) {
		invoiced = invoiced || i.rat("qty_invoiced").Sign() > 0
	}
	if state := o.str("state"); state != "new" && state != "processing" && state != "pending_payment" || invoiced {
		return false, nil
	}
	for _, i := range topItems(o) {
		left := less(i, "qty_canceled")
		s.reserve(i.str("sku"), new(big.Rat).Neg(left))
		i.set("qty_canceled", amount(left, 4))
		i.set("tax_canceled", i.get("tax_amount"))
		i.set("discount_tax_compensation_canceled", i.get("discount_tax_compensation_amount"))
	}
	for name, of := range map[string]string{"discount": "discount_amount", "shipping": "shipping_amount", "subtotal": "subtotal", "tax": "tax_amount", "total": "grand_total"} {
		by := o.rat(of)
		if name == "discount" {
			by.Abs(by)
		}
		o.both(name+"_canceled", by)
	}
	o.set("state", "canceled")
	o.set("status", "canceled")
	o.set("updated_at", s.now())
	return true, nil
}

func (s *Sandbox) hold(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	switch o.str("state") {
	case "holded", "complete", "closed", "canceled", "payment_review":
		return nil, refuse("A hold action is not available.")
	}
	o.set("hold_before_state", o.get("state"))
	o.set("hold_before_status", o.get("status"))
	o.set("state", "holded")
	o.set("status", "holded")
	o.set("updated_at", s.now())
	return true, nil
}

func (s *Sandbox) unhold(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	if o.str("state") != "holded" {
		return nil, refuse("You cannot remove the hold.")
	}
	o.set("state", o.get("hold_before_state"))
	o.set("status", o.get("hold_before_status"))
	o.drop("hold_before_state", "hold_before_status")
	o.set("updated_at", s.now())
	return true, nil
}
