create function logic.claim_checkout_key(customer_id uuid, cart shop.carts, request jsonb, out key text, out order_id uuid)
language plpgsql set search_path = '' as $$
declare
  fingerprint text := encode(sha256(convert_to(request::text, 'UTF8')), 'hex');
  known shop.idempotency_keys;
begin
  key := logic.header('idempotency-key');
  if key is null then
    key := format('cart:%s:%s', cart.id, cart.version);
    if not exists (select from shop.cart_items i where i.cart_id = cart.id) then
      -- The second half of a double click, after the first half has emptied the cart.
      select k.* into known from shop.idempotency_keys k
      where k.customer_id = claim_checkout_key.customer_id and k.key like format('cart:%s:%%', cart.id)
        and k.request_hash = fingerprint and k.created_at > now() - interval '1 minute'
      order by k.created_at desc limit 1;
      order_id := known.order_id;
      return;
    end if;
  end if;
  order_id := logic.claim_key(claim_checkout_key.customer_id, claim_checkout_key.key, request) ->> 'order_id';
end;
$$;
comment on function logic.claim_checkout_key is 'Makes this checkout the only one under its Idempotency-Key (the cart''s id and version when none is sent), or finds the order of the first. Raises 422 idempotency_key_reused.';
