create function v1.product_facets(
  category text default '', price_min text default '', price_max text default '', in_stock text default '',
  is_featured text default '', is_active text default '', name text default '', search text default '',
  brand text default '', options text default '', min_rating text default ''
) returns json
language plpgsql stable set search_path = '' as $$
begin
  return logic.count_facets(logic.product_filters(
    category, price_min, price_max, in_stock, is_featured, is_active, name, search, brand, options, min_rating
  ));
end;
$$;
comment on function v1.product_facets is $$What there is to choose from
Takes the filters of the list of products, and counts what they let through: by category, brand (the 50 largest), price band, option, least rating, and how many are in stock. Each value can be put into the filter of its name. Above 10,000 products the counts are estimates from a sample, marked by count_is_estimate.
Errors: 400 invalid_filter.$$;
grant execute on function v1.product_facets to anon, customer;
