create function logic.issue_token(customer_id uuid, purpose text, token_hash bytea) returns text
language plpgsql security definer set search_path = '' as $$
declare
  receiver text;
begin
  select case issue_token.purpose when 'change_email' then a.wanted_email else c.email end into receiver
  from shop.customers c join auth.accounts a on a.id = c.id
  where c.id = issue_token.customer_id and a.is_active and not c.is_guest
    and not (issue_token.purpose = 'verify_email' and c.is_email_verified);
  -- Who asked must not learn that the new address is another's; its owner does.
  perform logic.emit('customer.address_taken', jsonb_build_object('customer_id', c.id))
  from shop.customers c where c.email = receiver and c.id <> issue_token.customer_id;
  if found or receiver is null then
    return null;
  end if;
  insert into auth.one_time_tokens (token_hash, account_id, purpose, email, expires_at)
  values (
    issue_token.token_hash, issue_token.customer_id, issue_token.purpose, receiver,
    now() + case issue_token.purpose when 'reset_password' then interval '1 hour' else interval '3 days' end
  )
  on conflict on constraint one_time_tokens_pkey do nothing;
  return receiver;
end;
$$;
comment on function logic.issue_token is
  'Stores the SHA-256 of a token for verify_email or change_email (three days) or reset_password (an hour). Returns whom to send it to, null for nobody.';
grant execute on function logic.issue_token to worker;
