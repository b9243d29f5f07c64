create function logic.alert_admins(text text) returns void
language plpgsql set search_path = '' as $$
begin
  perform logic.emit('payment.alert', jsonb_build_object('customer_id', c.id, 'text', alert_admins.text))
  from auth.accounts a join shop.customers c on c.id = a.id
  where a.role = 'admin' and a.is_active and c.email is not null;
end;
$$;
comment on function logic.alert_admins is 'Leaves a mail to each admin: something about money wants people.';
