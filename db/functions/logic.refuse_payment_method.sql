create function logic.refuse_payment_method(method text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if not exists (select from shop.payment_methods m where m.code = method and m.is_active) then
    perform logic.problem(
      409, 'payment_method_not_offered', 'This way to pay is not offered.',
      (select json_agg(m.code order by m.code) from shop.payment_methods m where m.is_active)::text
    );
  end if;
end;
$$;
comment on function logic.refuse_payment_method is 'Refuses a way to pay that the shop does not offer, and tells which it does. Raises 409 payment_method_not_offered.';
