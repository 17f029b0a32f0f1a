package sandbox

import "strings"

func (c *call) postUser() (any, *apiError) {
	if fault := c.checkUser(require(userInput, "username", "password"), nil); fault != nil {
		return nil, fault
	}
	u := c.s.add("users", "user")
	c.setUser(u)
	return u, nil
}

func (c *call) patchUser() (any, *apiError) {
	u, fault := c.target("users", "user")
	if fault != nil {
		return nil, fault
	}
	if fault := c.checkUser(userInput+" approval_status:s", u); fault != nil {
		return nil, fault
	}
	c.setUser(u)
	return nil, nil
}

func (c *call) checkUser(input string, self *object) *apiError {
	if fault := checkInput(input, c.body, "users"); fault != nil {
		return fault
	}
	if name := c.body.Text("username"); name != "" {
		for _, u := range c.s.table("users").rows {
			if u != self && strings.EqualFold(u.Text("username"), name) {
				return exists("The property username already exists on the resource users.")
			}
		}
	}
	if c.body.Object("userinfo") == nil {
		return nil
	}
	return checkPerson(c.body.Object("userinfo"))
}

func (c *call) setUser(u *object) {
	for _, k := range c.body.Keys() {
		switch k {
		case "password", "encryption": // never told again
		case "userinfo":
			setPerson(u.Object("userinfo"), c.body.Object("userinfo"))
		default:
			u.Set(k, c.body.Get(k))
		}
	}
}
