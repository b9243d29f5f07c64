create function logic.claim_checkout_key(customer_id uuid, cart shop.carts, request jsonb, out key text, out order_id uuid)
language plpgsql set search_path = '' as $$
declare
  fingerprint text := encode(sha256(convert_to(request::text, 'UTF8')), 'hex');
  known shop.idempotency_keys;
begin
  key := logic.header('idempotency-key');
  if length(key) > 255 then
    perform logic.problem(422, 'validation_failed', 'An Idempotency-Key has at most 255 characters.');
  end if;
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
  -- Waits for a transaction that has the same key under way, and sees its row when that has committed.
  insert into shop.idempotency_keys (customer_id, key, request_hash)
  values (claim_checkout_key.customer_id, claim_checkout_key.key, fingerprint)
  on conflict on constraint idempotency_keys_pkey do nothing;
  if not found then
    select k.* into known from shop.idempotency_keys k
    where k.customer_id = claim_checkout_key.customer_id and k.key = claim_checkout_key.key;
    if known.request_hash <> fingerprint then
      perform logic.problem(422, 'idempotency_key_reused', 'This Idempotency-Key was used with another request.');
    end if;
    order_id := known.order_id;
  end if;
end;
$$;
comment on function logic.claim_checkout_key is
  'Makes this checkout the only one under its Idempotency-Key (the cart''s id and version when none is sent), or finds the order of the first. Raises 422 idempotency_key_reused.';
