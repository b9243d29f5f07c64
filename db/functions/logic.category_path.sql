create function logic.category_path(category_id uuid) returns text
language plpgsql stable set search_path = '' as $$
begin
  return (
    with recursive way as (
      select c.name, c.parent_id, 1 as height from shop.categories c where c.id = category_id
      union all
      select c.name, c.parent_id, w.height + 1 from shop.categories c join way w on c.id = w.parent_id
    )
    select string_agg(regexp_replace(btrim(w.name), '([\\>])', '\\\1', 'g'), ' > ' order by w.height desc) from way w
  );
end;
$$;
comment on function logic.category_path is 'The way to a category from the top, as logic.import_category reads it.';
