package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// transitions of the three machines of an order: machine -> from -> action -> to.
var transitions = map[string]map[string]map[string]string{
	"order.state": {
		"open":        {"process": "in_progress", "cancel": "cancelled"},
		"in_progress": {"complete": "completed", "cancel": "cancelled"},
		"completed":   {"reopen": "open"},
		"cancelled":   {"reopen": "open"},
	},
	"order_delivery.state": {
		"open":               {"ship": "shipped", "ship_partially": "shipped_partially", "cancel": "cancelled"},
		"shipped_partially":  {"ship": "shipped", "retour": "returned", "retour_partially": "returned_partially", "cancel": "cancelled", "reopen": "open"},
		"shipped":            {"retour": "returned", "retour_partially": "returned_partially", "cancel": "cancelled", "reopen": "open"},
		"returned_partially": {"retour": "returned", "reopen": "open"},
		"returned":           {"reopen": "open"},
		"cancelled":          {"reopen": "open"},
	},
	"order_transaction.state": {
		"open": actions("pay paid pay_partially paid_partially cancel remind do_pay fail authorize process_unconfirmed"),
		// The server's list for reminded and paid_partially has no "paid", only "pay".
		"in_progress":        actions("paid paid_partially pay_partially authorize fail cancel reopen"),
		"failed":             actions("paid pay paid_partially pay_partially do_pay reopen fail process_unconfirmed"),
		"reminded":           actions("pay pay_partially do_pay authorize cancel reopen process_unconfirmed"),
		"paid_partially":     actions("pay remind do_pay refund refund_partially cancel reopen chargeback process_unconfirmed"),
		"paid":               actions("refund refund_partially cancel reopen chargeback"),
		"refunded_partially": actions("refund cancel reopen"),
		"authorized":         actions("paid paid_partially cancel fail"),
		"unconfirmed":        actions("paid paid_partially authorize cancel fail reopen"),
		"chargeback":         actions("paid paid_partially cancel"),
		"cancelled":          actions("reopen paid refund refund_partially process_unconfirmed"),
		"refunded":           {},
	},
}

// actions names where each action of a transaction leads.
func actions(names string) map[string]string {
	to := map[string]string{
		"pay": "paid", "paid": "paid", "pay_partially": "paid_partially", "paid_partially": "paid_partially",
		"cancel": "cancelled", "remind": "reminded", "do_pay": "in_progress", "fail": "failed", "authorize": "authorized",
		"process_unconfirmed": "unconfirmed", "reopen": "open", "refund": "refunded", "refund_partially": "refunded_partially",
		"chargeback": "chargeback",
	}
	m := map[string]string{}
	for _, a := range strings.Fields(names) {
		m[a] = to[a]
	}
	return m
}

// machineState finds a state of a machine.
func (s *Sandbox) machineState(machine, name string) *row {
	for _, m := range s.db.having(s.schema.entities["state_machine"], "technicalName", machine) {
		for _, st := range s.db.having(s.schema.entities["state_machine_state"], "stateMachineId", m.str("id")) {
			if st.str("technicalName") == name {
				return st
			}
		}
	}
	return nil
}

// stateful finds the row whose state is meant and the state that it is in.
func (v *view) stateful(name, id string) (*entity, *row, *row, error) {
	ent := v.s.schema.entities[name]
	if transitions[name+".state"] == nil || ent == nil {
		return nil, nil, nil, apiErrors{problem(http.StatusInternalServerError, "FRAMEWORK__DEFINITION_NOT_FOUND",
			fmt.Sprintf("Definition for entity %q does not exist.", name), jsondoc.New("entityName", name))}
	}
	r := v.s.db.get(ent, id)
	if r == nil {
		return nil, nil, nil, apiErrors{problem(http.StatusBadRequest, "SYSTEM__STATE_MACHINE_INVALID_ENTITY_ID",
			fmt.Sprintf("Unable to read entity %q with id %q.", name, id), jsondoc.New("entityName", name, "entityId", id))}
	}
	state := v.s.db.get(v.s.schema.entities["state_machine_state"], r.str("stateId"))
	return ent, r, state, nil
}

// transition moves an entity and returns its state. Already being there is fine and does nothing.
func (v *view) transition(name, id, action string) (state *row, moved bool, err error) {
	ent, r, from, err := v.stateful(name, id)
	if err != nil {
		return nil, false, err
	}
	machine := name + ".state"
	possible := transitions[machine][from.str("technicalName")]
	to, ok := possible[action]
	if !ok && leadsTo(machine, action, from.str("technicalName")) {
		return from, false, nil
	}
	if !ok && action == "cancel" && v.s.before(6, 7) {
		to, ok = "cancelled", true // up to 6.6 everything can be cancelled
	}
	if !ok {
		names := slices.Sorted(maps.Keys(possible))
		list := make([]any, len(names))
		for i, n := range names {
			list[i] = n
		}
		text := strings.Join(names, ", ")
		return nil, false, apiErrors{problem(http.StatusBadRequest, "SYSTEM__ILLEGAL_STATE_TRANSITION",
			fmt.Sprintf("Illegal transition %q from state %q. Possible transitions are: %s", action, from.str("id"), text),
			jsondoc.New("transition", action, "currentState", from.str("id"), "possibleTransitionsString", text, "possibleTransitions", list))}
	}
	next := v.s.machineState(machine, to)
	if next == nil {
		return nil, false, fmt.Errorf("sandbox: no state %s in %s", to, machine)
	}
	now := stamp(v.s.now())
	c := r.clone()
	c.v["stateId"], c.v["updatedAt"] = next.v["id"], now
	v.s.db.put(ent, c)
	v.s.db.put(v.s.schema.entities["state_machine_history"], &row{v: map[string]any{
		"id": newID(v.s.now()), "createdAt": now, "stateMachineId": next.v["stateMachineId"], "entityName": name,
		"referencedId": id, "fromStateId": from.v["id"], "toStateId": next.v["id"], "transitionActionName": action,
	}})
	if name == "order" {
		v.s.bookTransition(id, from.str("technicalName"), to)
	}
	v.entered(ent, c, to)
	return next, true, nil
}

// leadsTo tells whether an action would lead to the state that is already there.
func leadsTo(machine, action, state string) bool {
	for _, acts := range transitions[machine] {
		if acts[action] == state {
			return true
		}
	}
	return false
}

// orderTransition serves /_action/order|order_transaction|order_delivery/{id}/state/{action}: the bare state.
func (v *view) orderTransition(w http.ResponseWriter, name, id, action string) error {
	state, moved, err := v.transition(name, id, action)
	if err != nil {
		return err
	}
	o := v.encodeState(state, moved, child)
	o.Drop("apiAlias")
	writeJSON(w, http.StatusOK, o)
	return nil
}

// genericTransition serves /_action/state-machine/{entity}/{id}/state/{action}: in an envelope.
func (v *view) genericTransition(w http.ResponseWriter, name, id, action string) error {
	state, moved, err := v.transition(name, id, action)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, jsondoc.New("data", v.encodeState(state, moved, root)))
	return nil
}

func (v *view) encodeState(state *row, moved bool, at place) *object {
	e := &encoder{view: v}
	o := e.entity(v.s.schema.entities["state_machine_state"], state, nil, at)
	if moved {
		ext := o.Get("extensions").(*object)
		ext.Set("internal_mapping_storage", jsondoc.New("extensions", []any{}, "apiAlias", nil))
	}
	return o
}

// listTransitions serves GET /_action/state-machine/{entity}/{id}/state.
func (v *view) listTransitions(w http.ResponseWriter, name, id string) error {
	_, _, from, err := v.stateful(name, id)
	if err != nil {
		return err
	}
	possible := transitions[name+".state"][from.str("technicalName")]
	ent := v.s.schema.entities["state_machine_state"]
	list := []any{}
	for _, action := range slices.Sorted(maps.Keys(possible)) {
		to := v.s.machineState(name+".state", possible[action])
		if to == nil {
			continue
		}
		list = append(list, jsondoc.New("name", v.translation(ent, to, ent.byName["name"]), "technicalName", to.v["technicalName"],
			"actionName", action, "fromStateName", from.v["technicalName"], "toStateName", to.v["technicalName"],
			"url", "/api/_action/state-machine/"+name+"/"+id+"/state/"+action))
	}
	writeJSON(w, http.StatusOK, jsondoc.New("transitions", list))
	return nil
}
