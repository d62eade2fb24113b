# shopify-order.toml and tryton-sale.toml in one. $source and $version are the envelope's.
# Codes, none of which is a part of another.
def one_of($codes): . as $code | $codes | contains($code);
def refused($at; $expected): error("\($at): expected \($expected)");

# Nothing for what is not there and for a text of blanks.
def text($at):
  if type == "string" then trim | select(. != "")
  elif . == null then empty
  else refused($at; "a string") end;
def id($at):
  if type == "number" then if . > 0 then tostring else refused($at; "a positive integer") end
  else text($at) end;
def needed(f; $at): first(f, refused($at; "a value"));
def optional(f): first(f, null);
def joined(f; $by): [f] | select(. != []) | join($by);
def digits: explode | all(. >= 48 and . <= 57);
def code($length; $at):
  if length == $length and (explode | all(. >= 65 and . <= 90)) then .
  else refused($at; "\($length) capital letters") end;
def email: select((explode | all(. > 32)) and (. / "@" | length > 1 and .[0] != "" and .[-1] != ""));

def decimals:
  if one_of("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF") then 0
  elif one_of("BHD IQD JOD KWD LYD OMR TND") then 3
  elif one_of("CLF UYW") then 4
  else 2 end;
# A decimal with exactly so many decimals: never rounded, so never a number.
def money($decimals; $at):
  (if startswith("-") then "-" else "" end) as $sign
  | ltrimstr("-") / "."
  | if (length == 1 or (length == 2 and .[1] != "")) and .[0] != "" and all(digits) then . else refused($at; "a decimal number") end
  | (.[0] | tonumber | tostring) as $whole
  | (.[1] // "") as $fraction
  | if $fraction[$decimals:] | explode | any(. != 48) then refused($at; "no more decimals than the currency has") else . end
  | if $decimals == 0 then "\($sign)\($whole)" else "\($sign)\($whole).\(($fraction + "0000")[:$decimals])" end;

# Countries that have no postal codes, or whose people commonly do without.
def without_postal_codes:
  one_of("AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CK CL CM CO DJ DM ER FJ GD GH GM GQ GY HK IE JM KI KM KN KP LY ML MO MR MW NR NU PA PE QA RW SB SC SL SR ST SY TD TF TG TK TL TO TV UG VU YE ZW");

if any("2025-10", "2026-01", "2026-04", "2026-07", "2026-10"; . == $version) | not then refused("version"; "one that is accepted") else . end
| if .cancelled_at != null then refused("$.cancelled_at"; "null, as a cancelled order is not reserved") else . end
| if .fulfillment_status | . != null and . != "unfulfilled" then refused("$.fulfillment_status"; "null, as a fulfilled order is not shipped again") else . end
| ($source | if startswith("/shopify/") then ltrimstr("/shopify/") else refused("source"; "/shopify/<shop domain>") end) as $shop
| .shipping_address as $to
| .customer as $customer
| needed(.id | id("$.id"); "$.id") as $id
| needed(.created_at | text("$.created_at"); "$.created_at") as $placed_at
| (needed(.currency | text("$.currency"); "$.currency") | code(3; "$.currency")) as $currency
| ($currency | decimals) as $decimals
| (needed($to.country_code | text("$.shipping_address.country_code"); "$.shipping_address.country_code")
    | code(2; "$.shipping_address.country_code")) as $country
| needed(
    ($to.name | text("$.shipping_address.name")),
    joined($to.first_name, $to.last_name | text("$.shipping_address.first_name"); " ");
    "$.shipping_address.name") as $name
| optional($to.company | text("$.shipping_address.company")) as $company
| optional($to.zip | text("$.shipping_address.zip")) as $zip
| if $zip == null and ($country | without_postal_codes | not) then refused("$.shipping_address.zip"; "a value") else . end
| [
    needed($to.address1 | text("$.shipping_address.address1"); "$.shipping_address.address1"),
    ($to.address2 | text("$.shipping_address.address2"))
  ] as $street
| optional(.email, $customer.email | text("$.email") | email) as $email
| optional($to.province_code | text("$.shipping_address.province_code") | ltrimstr($country + "-")) as $region
| [
    .line_items[]
    | first((.current_quantity, .quantity | values), null) as $quantity
    | select($quantity != 0 and .requires_shipping != false)
    | if $quantity | type == "number" and . == floor and . > 0 then . else refused("$.line_items[].quantity"; "an integer of at least 1") end
    | {
        product: needed(.sku | text("$.line_items[].sku"); "$.line_items[].sku"),
        quantity: $quantity,
        unit_price: {
          __class__: "Decimal",
          decimal: needed(.price | text("$.line_items[].price"); "$.line_items[].price") | money($decimals; "$.line_items[].price")
        }
      }
  ] as $lines
| if $lines == [] then refused("$.line_items"; "a line that needs shipping") else . end
| {
    reference: "\($shop)/\($id)",
    description: needed(.name | text("$.name"); "$.name"),
    party: (
      {
        code: (
          if $customer == null then "\($shop)/order/\($id)"
          else "\($shop)/customer/\(needed($customer.id | id("$.customer.id"); "$.customer.id"))" end),
        name: first(joined($customer.first_name, $customer.last_name | text("$.customer.first_name"); " "), $name)
      }
      + if $email == null then {} else {email: $email} end),
    shipment_address: (
      {party_name: ($company // $name)}
      + if $company == null then {} else {attn: $name} end
      + {
        street_unstructured: ($street | join("\n")),
        city: needed($to.city | text("$.shipping_address.city"); "$.shipping_address.city")
      }
      + if $zip == null then {} else {postal_code: $zip} end
      + {country: $country}
      + if $region == null then {} else {subdivision: "\($country)-\($region)"} end),
    currency: $currency,
    lines: $lines
  }
