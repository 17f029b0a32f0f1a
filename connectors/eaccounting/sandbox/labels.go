package sandbox

import "net/http"

// resolveLabels replaces the labels that were sent by those that exist.
func resolveLabels(o object, member string, labels *collection) error {
	for _, sent := range o.objects(member) {
		label := labels.get(sent.text("Id"))
		if label == nil {
			return invalid("The field %s names a label that does not exist.", member)
		}
		sent["Name"], sent["Description"] = label["Name"], label["Description"]
	}
	return nil
}

func (s *Sandbox) postLabel(col *collection) handler {
	return func(c *call) (reply, error) {
		o, err := c.decode(labelSchema)
		if err != nil {
			return reply{}, err
		}
		o["Id"] = s.newID()
		col.add(o)
		return col.answer(c, http.StatusCreated, o)
	}
}

func (s *Sandbox) putLabel(col *collection) handler {
	return func(c *call) (reply, error) {
		old := col.get(c.id)
		if old == nil {
			return reply{}, notFound(col.name)
		}
		o, err := c.decode(labelSchema)
		if err != nil {
			return reply{}, err
		}
		old["Name"], old["Description"] = o["Name"], o["Description"]
		return col.answer(c, http.StatusOK, old)
	}
}

func (s *Sandbox) deleteLabel(col *collection) handler {
	return func(c *call) (reply, error) {
		o := col.get(c.id)
		if o == nil {
			return reply{}, notFound(col.name)
		}
		col.remove(c.id)
		if s.set.Unproven.DeleteHasNoContent {
			return reply{status: http.StatusNoContent}, nil
		}
		return col.answer(c, http.StatusOK, o)
	}
}
