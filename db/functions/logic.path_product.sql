create function logic.path_product() returns uuid
language plpgsql stable set search_path = '' as $$
begin
  return logic.find_product(logic.header('x-path-slug'));
end;
$$;
comment on function logic.path_product is
  'The product of {slug} in the URL, which the gateway hands to writing calls in a header. Raises 404 product_not_found.';
grant execute on function logic.path_product to customer;
