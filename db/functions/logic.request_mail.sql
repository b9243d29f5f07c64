create function logic.request_mail(email text, purpose text, attempts integer) returns void
language plpgsql security definer set search_path = '' as $$
declare
  address text := lower(btrim(request_mail.email));
begin
  if logic.throttle('mail ' || purpose || ' ' || address, attempts, 3600) = 0 then
    -- Unknown addresses leave a row as well, for nobody: the caller must not see a difference, be it in time.
    perform logic.emit('account.' || purpose, jsonb_build_object(
      'customer_id', coalesce((select c.id from shop.customers c where c.email = address), gen_random_uuid())
    ));
  end if;
end;
$$;
comment on function logic.request_mail is 'Has a link sent for verify_email or reset_password, if the address has an account, and not more often an hour than that.';
grant execute on function logic.request_mail to service;
