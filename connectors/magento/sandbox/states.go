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
		invoiced = invoiced || rat(i.Get("qty_invoiced")).Sign() > 0
	}
	if state := text(o.Get("state")); state != "new" && state != "processing" && state != "pending_payment" || invoiced {
		return false, nil
	}
	for _, i := range topItems(o) {
		left := less(i, "qty_canceled")
		s.reserve(text(i.Get("sku")), new(big.Rat).Neg(left))
		i.Set("qty_canceled", amount(left, 4))
		i.Set("tax_canceled", i.Get("tax_amount"))
		i.Set("discount_tax_compensation_canceled", i.Get("discount_tax_compensation_amount"))
	}
	for name, of := range map[string]string{"discount": "discount_amount", "shipping": "shipping_amount", "subtotal": "subtotal", "tax": "tax_amount", "total": "grand_total"} {
		by := rat(o.Get(of))
		if name == "discount" {
			by.Abs(by)
		}
		setBoth(o, name+"_canceled", by)
	}
	o.Set("state", "canceled")
	o.Set("status", "canceled")
	o.Set("updated_at", s.now())
	return true, nil
}

func (s *Sandbox) hold(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	switch text(o.Get("state")) {
	case "holded", "complete", "closed", "canceled", "payment_review":
		return nil, refuse("A hold action is not available.")
	}
	o.Set("hold_before_state", o.Get("state"))
	o.Set("hold_before_status", o.Get("status"))
	o.Set("state", "holded")
	o.Set("status", "holded")
	o.Set("updated_at", s.now())
	return true, nil
}

func (s *Sandbox) unhold(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	if text(o.Get("state")) != "holded" {
		return nil, refuse("You cannot remove the hold.")
	}
	o.Set("state", o.Get("hold_before_state"))
	o.Set("status", o.Get("hold_before_status"))
	o.Drop("hold_before_state", "hold_before_status")
	o.Set("updated_at", s.now())
	return true, nil
}
