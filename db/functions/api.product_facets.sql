create function api.product_facets(
  search text default '', category text default '', price_min numeric default null, price_max numeric default null,
  in_stock boolean default false, brand text default '', options text default '', min_rating numeric default null
) returns json
language plpgsql stable set search_path = '' as $$
begin
  return logic.count_facets(logic.product_filters(
    search => search, category => category, price_min => coalesce(round(price_min, 9)::text, ''),
    price_max => coalesce(round(price_max, 9)::text, ''), in_stock => in_stock::text, brand => brand, options => options,
    min_rating => coalesce(round(min_rating, 9)::text, '')
  ));
end;
$$;
comment on function api.product_facets is $$What there is to choose from
Counts of products by category, brand, price band, option, least rating and stock. Arguments, all optional, are those of search_products. Above 10,000 products the counts are estimates from a sample, marked by count_is_estimate.
Errors: 400 invalid_filter.$$;
grant execute on function api.product_facets to anon, customer;
