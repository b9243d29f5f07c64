create function logic.remove_signing_key(kid text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  is_removed boolean;
begin
  update auth.signing_keys k set verifies_until = now()
  where k.kid = remove_signing_key.kid and coalesce(k.verifies_until, 'infinity') > now() and exists (
    select from auth.signing_keys other
    where other.kid <> k.kid and other.signs_from <= now() and coalesce(other.verifies_until, 'infinity') > now()
  );
  is_removed := found;
  notify pgrst, 'reload config';
  return is_removed;
end;
$$;
comment on function logic.remove_signing_key is
  'Ends a key at once: its tokens are refused from now on. False if it is unknown, over, or the only one that signs. For the command line, as owner.';
