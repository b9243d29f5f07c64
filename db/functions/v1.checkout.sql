create function v1.checkout(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{
    "shipping_address": "address!", "billing_address": "address", "notes": "text", "accept_price_changes": "boolean",
    "email": "text", "payment_method": "text", "coupon": "text"
  }');
  placed api.orders;
begin
  placed := api.checkout(
    given -> 'shipping_address', nullif(given -> 'billing_address', 'null'), coalesce(given ->> 'notes', ''),
    coalesce((given ->> 'accept_price_changes')::boolean, false), given ->> 'email', given ->> 'payment_method',
    given ->> 'coupon'
  );
  perform set_config('response.status', '201', true);
  return logic.first_answer(logic.order_json(placed.id), placed.id);
end;
$$;
comment on function v1.checkout is $$Check out
Makes my cart an order. Fields: shipping_address (id or object), billing_address (the same unless given), notes, accept_price_changes, email (required of guests, whose mails go there), payment_method (card unless given; cash_on_delivery and bank_transfer where the shop offers them), coupon (a code); totals are made by the shop. Header Idempotency-Key makes retries safe.
Errors: 404 address_not_found, coupon_unknown, 409 cart_empty, product_unavailable, insufficient_stock, price_changed, payment_method_not_offered, coupon_expired, coupon_used_up, coupon_not_applicable, 422 validation_failed, idempotency_key_reused, 503 try_again.$$;
grant execute on function v1.checkout to customer;
