create function logic.claim_key(customer_id uuid, key text, request jsonb) returns json
language plpgsql security definer set search_path = '' as $$
declare
  fingerprint constant text := encode(sha256(convert_to(request::text, 'UTF8')), 'hex');
  known shop.idempotency_keys;
begin
  if key !~ '^[ -~]{1,255}$' then
    perform logic.problem(422, 'validation_failed', 'An Idempotency-Key has up to 255 characters: ASCII that can be seen, and spaces.');
  end if;
  -- Waits for a transaction that has the same key under way, and sees its row when that has committed.
  insert into shop.idempotency_keys (customer_id, key, request_hash)
  values (claim_key.customer_id, claim_key.key, fingerprint)
  on conflict on constraint idempotency_keys_pkey do nothing;
  if found then
    return null;
  end if;
  select k.* into known from shop.idempotency_keys k
  where k.customer_id = claim_key.customer_id and k.key = claim_key.key;
  if known.request_hash <> fingerprint then
    perform logic.problem(422, 'idempotency_key_reused', 'This Idempotency-Key was used with another request.');
  end if;
  return row_to_json(known);
end;
$$;
comment on function logic.claim_key is 'Makes this request the only one of somebody under a key: null for the first, else what is known of the first. Raises 422 idempotency_key_reused when that was another request.';
