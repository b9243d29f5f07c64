create function logic.reset_password(token_hash bytea, password_hash text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  proof jsonb := logic.spend_token(reset_password.token_hash, '{reset_password}');
  owner uuid := logic.to_uuid(proof ->> 'account_id');
begin
  if proof is not null then
    perform logic.set_password(owner, reset_password.password_hash, 'password reset');
    -- Whoever has the link reads the mails.
    update shop.customers c set is_email_verified = true where c.id = owner;
  end if;
  return proof is not null;
end;
$$;
comment on function logic.reset_password is 'A new password by the link of a mail. False if the link is not valid any more.';
grant execute on function logic.reset_password to service;
