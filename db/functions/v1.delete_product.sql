create function v1.delete_product() returns void
language plpgsql set search_path = '' as $$
declare
  product uuid := logic.path_product();
begin
  delete from shop.products p where p.id = product;
end;
$$;
comment on function v1.delete_product is $$Delete a product
For staff. It is put away: nobody sees or buys it, orders keep it, its slug and SKU stay taken. Errors: 404 product_not_found.$$;
grant execute on function v1.delete_product to staff;
