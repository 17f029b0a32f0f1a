{
  id: .id,
  number: ("SW-" + .orderNumber),
  name: ("\(.customer.firstName) \(.customer.lastName)" | ltrimstr(" ") | rtrimstr(" ")),
  email: (.customer.email | ascii_downcase),
  total: (.unitPrice * .quantity * 100 | round | . / 100),
  paid: (.state == "paid")
}
