create function logic.set_password(account_id uuid, password_hash text, reason text, kept uuid default null) returns void
language plpgsql security definer set search_path = '' as $$
begin
  update auth.accounts a
  set password_hash = set_password.password_hash, wanted_email = null, tokens_valid_since = clock_timestamp()
  where a.id = account_id;
  perform logic.end_sessions(account_id, reason, kept);
  perform logic.emit('account.password_changed', jsonb_build_object('customer_id', account_id));
end;
$$;
comment on function logic.set_password is
  'A new password: ends all sessions but the one that is kept, voids all links and the wish for another address, and tells the owner.';
