package objects

import (
	"context"
	"slices"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/render"
	"nafas/dicomio/report"
	"nafas/internal/triage"
)

// capture writes the pictures of the slices that show findings.
func (s *stack) capture(ctx context.Context, one triage.Delivery, read Read, r report.Result) ([]byte, error) {
	paths := map[string]string{}
	for i, ref := range one.Instances {
		paths[ref.SOPUID] = one.Paths[i]
	}
	var pages []report.Page
	for i, slice := range s.grid.Slices {
		shown := func(f report.Finding) bool { return f.SOPInstanceUID == slice.SOPInstanceUID && f.Frame == slice.Frame }
		if !slices.ContainsFunc(r.Findings, shown) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		page, err := s.page(i, paths[slice.SOPInstanceUID], read)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	return r.SC(s.grid, pages)
}

// page draws one slice in the lung window. triage.ErrNoResult where its images
// can only be decoded by native code, which runs in the worker process alone.
func (s *stack) page(i int, path string, read Read) (report.Page, error) {
	slice := s.grid.Slices[i]
	page := report.Page{Slice: i, Number: slice.Frame}
	if slice.Frame == 0 {
		page.Number = s.Instances[s.at[i]].InstanceNumber
	}
	data, err := read(path)
	if err != nil {
		return page, err
	}
	file, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return page, err
	}
	picture, err := dicomio.OpenPicture(file)
	if err != nil {
		return page, err
	}
	if picture.Decodable() != nil {
		return page, triage.ErrNoResult
	}
	values, err := picture.Values(max(slice.Frame-1, 0))
	if err != nil {
		return page, err
	}
	page.Picture, err = render.Gray(values, s.grid.Columns, s.grid.Rows, render.Lung)
	return page, err
}
