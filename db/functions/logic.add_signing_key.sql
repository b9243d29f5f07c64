create function logic.add_signing_key(kid text, public_key text, overlap_seconds integer) returns void
language plpgsql security definer set search_path = '' as $$
declare
  is_first boolean := not exists (select from auth.signing_keys);
begin
  insert into auth.signing_keys (kid, public_key, signs_from)
  values (add_signing_key.kid, add_signing_key.public_key, now() + case when is_first then '0' else '2 seconds' end::interval)
  on conflict on constraint signing_keys_pkey do nothing;
  if found then
    update auth.signing_keys k set verifies_until = now() + make_interval(secs => overlap_seconds + 2)
    where k.kid <> add_signing_key.kid and k.verifies_until is null;
    notify pgrst, 'reload config';
  end if;
end;
$$;
comment on function logic.add_signing_key is
  'Makes a key known, which signs two seconds later; the others verify for the overlap. One that is known, or was, is left as it is. For the command line, as owner.';
