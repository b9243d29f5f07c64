create function logic.confirm_email(token_hash bytea) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  proof jsonb := logic.spend_token(confirm_email.token_hash, '{verify_email,change_email}');
begin
  update shop.customers c set email = proof ->> 'email', is_email_verified = true
  where c.id = (proof ->> 'account_id')::uuid;
  update auth.accounts a set wanted_email = null, tokens_valid_since = clock_timestamp()
  where a.id = (proof ->> 'account_id')::uuid and proof ->> 'purpose' = 'change_email';
  return proof is not null;
exception when unique_violation then
  -- Somebody else has registered the address since the mail was sent.
  return false;
end;
$$;
comment on function logic.confirm_email is 'Spends the link of a mail that proves an address, and makes a new one the account''s. False if the link is not valid any more.';
grant execute on function logic.confirm_email to service;
