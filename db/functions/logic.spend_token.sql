create function logic.spend_token(token_hash bytea, purposes text[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  proof jsonb;
begin
  -- One link of an account at a time, since the first to be spent may void the others.
  perform from auth.accounts a
  where a.id = logic.to_uuid(logic.find_token(spend_token.token_hash, purposes) ->> 'account_id') for update;
  -- Asked again: whoever had to wait sees what the one before has done.
  proof := logic.find_token(spend_token.token_hash, purposes);
  update auth.one_time_tokens t set used_at = now() where proof is not null and t.token_hash = spend_token.token_hash;
  return proof;
end;
$$;
comment on function logic.spend_token is 'Uses a link up: what logic.find_token says, to one caller only. The account stays locked.';
