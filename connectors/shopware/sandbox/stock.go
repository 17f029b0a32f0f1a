package sandbox

import "math/big"

// Stock is booked by SQL: it moves neither updatedAt nor webhooks. Since 6.6 an
// order takes stock when its lines are written, by referencedId; cancelling gives it back.

// booked tells whether the lines of an order hold stock now.
func (s *Sandbox) booked(order *row) bool {
	if order == nil || s.before(6, 6) {
		return false
	}
	state := s.db.get(s.schema.entities["state_machine_state"], order.str("stateId"))
	return state.str("technicalName") != "cancelled"
}

func lineQuantity(r *row) *big.Rat {
	if r == nil || r.str("type") != "product" {
		return new(big.Rat)
	}
	n, ok := rat(r.v["quantity"])
	if !ok {
		return new(big.Rat)
	}
	return n
}

func (s *Sandbox) move(productID string, by *big.Rat) {
	product := s.schema.entities["product"]
	r := s.db.get(product, productID)
	if r == nil || by.Sign() == 0 {
		return
	}
	r = r.clone()
	r.v["stock"] = addNumber(r.v["stock"], by)
	r.v["sales"] = addNumber(r.v["sales"], new(big.Rat).Neg(by))
	s.db.put(product, r)
}

// bookLine books the difference that a write of a line makes.
func (s *Sandbox) bookLine(c *command, old, now *row) error {
	if c.ent.name != "order_line_item" || !s.booked(s.db.get(s.schema.entities["order"], now.str("orderId"))) {
		return nil
	}
	if old != nil {
		s.move(old.str("referencedId"), lineQuantity(old))
	}
	s.move(now.str("referencedId"), new(big.Rat).Neg(lineQuantity(now)))
	return nil
}

func (s *Sandbox) unbookLine(ent *entity, r *row) {
	if ent.name == "order" && s.booked(r) {
		// The lines go with their order, when it is no longer there to tell.
		s.bookOrder(r.str("id"), 1)
	}
	if ent.name == "order_line_item" && s.booked(s.db.get(s.schema.entities["order"], r.str("orderId"))) {
		s.move(r.str("referencedId"), lineQuantity(r))
	}
}

// bookOrder gives back (1) or takes (-1) the stock of all lines.
func (s *Sandbox) bookOrder(orderID string, sign int64) {
	line := s.schema.entities["order_line_item"]
	for _, r := range s.db.having(line, "orderId", orderID) {
		s.move(r.str("referencedId"), new(big.Rat).Mul(lineQuantity(r), big.NewRat(sign, 1)))
	}
}

// bookTransition books what a change of an order's state does to stock.
func (s *Sandbox) bookTransition(orderID, from, to string) {
	switch {
	case s.before(6, 6):
		// Up to 6.5 stock is physical: it goes when the order is completed.
		if to == "completed" {
			s.bookOrder(orderID, -1)
		} else if from == "completed" {
			s.bookOrder(orderID, 1)
		}
	case to == "cancelled":
		s.bookOrder(orderID, 1)
	case from == "cancelled":
		s.bookOrder(orderID, -1)
	}
}

// availableStock equals stock since 6.6; before, open orders were taken off.
func (s *Sandbox) availableStock(product *row) any {
	if !s.before(6, 6) {
		return product.v["stock"]
	}
	left, ok := rat(product.v["stock"])
	if !ok {
		return nil
	}
	left = new(big.Rat).Set(left)
	order, state := s.schema.entities["order"], s.schema.entities["state_machine_state"]
	for _, r := range s.db.having(s.schema.entities["order_line_item"], "referencedId", product.str("id")) {
		o := s.db.get(order, r.str("orderId"))
		switch s.db.get(state, o.str("stateId")).str("technicalName") {
		case "open", "in_progress":
			left.Sub(left, lineQuantity(r))
		}
	}
	return number(left, 0)
}
