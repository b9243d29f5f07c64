create function v1.list_categories(page text default '', page_size text default '') returns json
language plpgsql stable set search_path = '' as $$
declare
  -- Menus want the whole tree.
  largest constant integer := 200;
  wanted record := logic.page(page, page_size, 50, largest);
begin
  return logic.envelope(
    (select count(*) from shop.categories c where c.is_active), page, wanted.size::text,
    (
      select coalesce(json_agg(logic.category_json(c) order by c.name, c.id), '[]')
      from (
        select c.* from shop.categories c where c.is_active order by c.name, c.id limit wanted.size offset wanted.skip
      ) c
    ), most => largest
  );
end;
$$;
comment on function v1.list_categories is $$Categories
A page of the active ones, by name: 50 unless page_size says otherwise, 200 at most. Errors: 404 invalid_page.$$;
grant execute on function v1.list_categories to anon, customer;
