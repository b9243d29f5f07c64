create function v1.clear_cart() returns json
language plpgsql set search_path = '' as $$
begin
  perform api.clear_cart();
  return v1.get_cart();
end;
$$;
comment on function v1.clear_cart is $$Empty my cart
Answers with the empty cart.$$;
grant execute on function v1.clear_cart to customer;
