create function v1.delete_variant() returns void
language plpgsql set search_path = '' as $$
declare
  product uuid := logic.path_product();
begin
  delete from shop.product_variants v where v.id = logic.path_id() and v.product_id = product and not v.is_default;
  if not found then
    perform logic.problem(404, 'variant_not_found', 'There is no such variant.');
  end if;
exception when foreign_key_violation then
  -- Its stock has a history, which stays.
  update shop.product_variants v set is_active = false where v.id = logic.path_id();
end;
$$;
comment on function v1.delete_variant is $$Delete a variant
For staff. One that never had stock is gone; one with a history is switched off, and orders keep it. Errors: 404 product_not_found, variant_not_found.$$;
grant execute on function v1.delete_variant to staff;
