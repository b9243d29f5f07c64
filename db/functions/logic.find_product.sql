create function logic.find_product(slug text) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  found uuid := (select p.id from shop.products p where p.slug = find_product.slug and p.deleted_at is null);
begin
  if found is null then
    perform logic.problem(404, 'product_not_found', 'There is no such product.');
  end if;
  return found;
end;
$$;
comment on function logic.find_product is
  'The product of a URL, if its caller may see it: customers the active ones, staff all that are not deleted. Raises 404 product_not_found.';
grant execute on function logic.find_product to anon, customer;
